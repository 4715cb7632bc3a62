//! Files that are not supported: archives, other compressions, placeholders for files that are elsewhere.

use std::path::Path;

use coldpress_storage::looks_sealed;

use super::suffix::{Claim, Suffix};
use crate::error::{Error, Result};

const UNPACK: &str = "unpack it first";

/// First bytes, the kind of file that has them, and advice for the user.
const MAGICS: [(&[u8], &str, &str); 17] = [
    (b"BZh", "compressed with bzip2", UNPACK),
    (b"\xFD7zXZ\0", "compressed with xz", UNPACK),
    (b"\x04\x22\x4D\x18", "compressed with lz4", UNPACK),
    (b"\x02\x21\x4C\x18", "compressed with lz4", UNPACK),
    (b"\xFF\x06\0\0sNaPpY", "compressed with snappy", UNPACK),
    (b"LZIP", "compressed with lzip", UNPACK),
    (b"\x1F\x9D", "compressed with compress", UNPACK),
    (b"PK\x03\x04", "a ZIP archive", UNPACK),
    (b"7z\xBC\xAF\x27\x1C", "a 7-Zip archive", UNPACK),
    (b"Rar!\x1A\x07", "a RAR archive", UNPACK),
    (
        b"\x89HDF\r\n\x1A\n",
        "an HDF5 file",
        "convert it to Parquet first",
    ),
    (
        b"SQLite format 3\0",
        "an SQLite database",
        "export its table first",
    ),
    (b"\x93NUMPY", "a NumPy array", "convert it to Parquet first"),
    (b"Obj\x01", "an Avro file", "convert it to Parquet first"),
    (b"%PDF-", "a PDF document", "extract its text first"),
    (
        b"\x80\x04\x95",
        "a Python pickle",
        "convert it to JSON Lines first",
    ),
    (
        b"\x80\x05\x95",
        "a Python pickle",
        "convert it to JSON Lines first",
    ),
];

/// Compressions that are known by their names alone, or by their names too.
const PACKINGS: [(&str, &str); 8] = [
    (".bz2", "compressed with bzip2"),
    (".xz", "compressed with xz"),
    (".lz4", "compressed with lz4"),
    (".br", "compressed with brotli"),
    (".snappy", "compressed with snappy"),
    (".sz", "compressed with snappy"),
    (".zip", "a ZIP archive"),
    (".7z", "a 7-Zip archive"),
];

/// Refuses unsupported files, packed or not.
pub(super) fn refuse(path: &Path, head: &[u8]) -> Result<()> {
    if looks_sealed(head) {
        return Err(Error::Encrypted {
            path: path.to_owned(),
        });
    }
    let inside = skip_frames(head).unwrap_or(head);
    let known = MAGICS.iter().find(|(magic, ..)| inside.starts_with(magic));
    // `BZh` alone may begin a text.
    let known = known
        .filter(|(magic, ..)| *magic != b"BZh" || inside.get(3).is_some_and(u8::is_ascii_digit));
    let found = match known {
        Some((_, what, help)) => Some((*what, *help)),
        None if is_tar(head) => Some(("a tar archive", UNPACK)),
        None => None,
    };
    found.map_or(Ok(()), |(what, help)| Err(unsupported(path, what, help)))
}

/// Refuses data in a compression without characteristic first bytes, if the name says so and the file isn't text.
pub(super) fn refuse_name(path: &Path, head: &[u8]) -> Result<()> {
    let is_text =
        std::str::from_utf8(head).map_or_else(|error| error.error_len().is_none(), |_| true);
    if is_text {
        return Ok(());
    }
    let name = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .to_lowercase();
    let packed = packing_of(&name).filter(|(stem, _)| {
        !matches!(
            Suffix::of(Path::new(stem)).claim,
            Claim::Nothing | Claim::Text
        )
    });
    packed.map_or(Ok(()), |(_, what)| Err(unsupported(path, what, UNPACK)))
}

fn unsupported(path: &Path, what: &'static str, help: &'static str) -> Error {
    Error::Unsupported {
        path: path.display().to_string(),
        what,
        help,
    }
}

/// Returns the compression that the end of a lower-case name indicates, and the name without it. It excludes the supported ones.
pub(crate) fn packing_of(name: &str) -> Option<(&str, &'static str)> {
    let found =
        |(suffix, what): &(&'static str, &'static str)| Some((name.strip_suffix(suffix)?, *what));
    PACKINGS.iter().find_map(found)
}

fn is_tar(head: &[u8]) -> bool {
    head.get(257..262) == Some(b"ustar")
}

/// Returns the bytes after frames that decoders of zstd and lz4 skip, as far as they are in `head`; `None` if there are no such
/// frames.
pub(super) fn skip_frames(head: &[u8]) -> Option<&[u8]> {
    let mut rest = head;
    while let [0x50..=0x5F, 0x2A, 0x4D, 0x18, a, b, c, d, after @ ..] = rest {
        let length = u32::from_le_bytes([*a, *b, *c, *d]) as usize;
        rest = after.get(length..).unwrap_or_default();
    }
    (rest.len() < head.len()).then_some(rest)
}

/// Returns why a file that is a placeholder for another cannot be read.
pub(super) fn stands_for_another(head: &[u8]) -> Option<&'static str> {
    let is_pointer = head.starts_with(b"version https://git-lfs.github.com/spec/");
    is_pointer.then_some(
        "it is a Git LFS pointer, which stands for the file; run `git lfs pull` to get the file itself",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn archives_and_other_packings_are_refused_by_name() {
        let mut tar = vec![b'x'; 512];
        tar[257..263].copy_from_slice(b"ustar\0");
        for (head, what) in [
            (&b"BZh91AY"[..], "bzip2"),
            (b"\x04\x22\x4D\x18\x64", "lz4"),
            (b"\x50\x2A\x4D\x18\x02\0\0\0xy\x04\x22\x4D\x18", "lz4"),
            (&tar, "tar archive"),
            (b"PK\x03\x04", "ZIP"),
        ] {
            let error = refuse(Path::new("a.jsonl"), head).unwrap_err().to_string();
            assert!(error.contains(what), "{error}");
        }
        for head in [&b"BZh is a text"[..], b"{}", b"", b"\x50\x2A\x4D\x18"] {
            refuse(Path::new("a.jsonl"), head).unwrap();
        }
        assert_eq!(
            packing_of("a.jsonl.br"),
            Some(("a.jsonl", "compressed with brotli"))
        );
        assert_eq!(packing_of("a.jsonl.gz"), None);
    }
}
