//! What a file holds, from its first bytes.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::decode::{Raw, decompress};
use crate::error::{Error, Result};

/// How the bytes of a file are packed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Compression {
    /// As they are.
    #[default]
    None,
    /// gzip (RFC 1952), one or more members.
    Gzip,
    /// Zstandard (RFC 8878), one or more frames.
    Zstd,
}

/// How the text of a file is encoded, once unpacked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Encoding {
    /// UTF-8 with lines that end in LF or CR LF.
    #[default]
    Utf8,
    /// UTF-8 with lines that end in CR alone.
    Utf8CarriageReturn,
    /// UTF-16, low byte first.
    Utf16Le,
    /// UTF-16, high byte first.
    Utf16Be,
}

/// What a file holds, and what is odd about it.
pub(crate) struct Sniffed {
    pub(crate) compression: Compression,
    pub(crate) encoding: Encoding,
    pub(crate) notes: Vec<String>,
}

const SNIFF_BYTES: u64 = 64 * 1024;

pub(crate) fn sniff(path: &Path, file: &mut File) -> Result<Sniffed> {
    let head = read_head(&mut *file).map_err(Error::io("read", path))?;
    let compression = compression_of(&head);
    refuse_other_formats(path, &head)?;
    let text = match compression {
        Compression::None => head,
        _ => {
            file.seek(SeekFrom::Start(0))
                .map_err(Error::io("read", path))?;
            let raw: Raw<'_> = Box::new(&mut *file);
            // What is damaged shows when the file is read.
            decompress(raw, compression)
                .and_then(read_head)
                .unwrap_or_default()
        }
    };
    refuse_other_formats(path, &text)?;
    let encoding = encoding_of(&text);
    refuse_whole_file_json(path, &text, encoding)?;
    Ok(Sniffed {
        compression,
        encoding,
        notes: notes(path, compression, encoding),
    })
}

fn read_head(reader: impl Read) -> std::io::Result<Vec<u8>> {
    let mut head = Vec::new();
    match reader.take(SNIFF_BYTES).read_to_end(&mut head) {
        Err(error) if head.is_empty() => Err(error),
        _ => Ok(head),
    }
}

fn compression_of(head: &[u8]) -> Compression {
    match head {
        [0x1F, 0x8B, ..] => Compression::Gzip,
        [0x28, 0xB5, 0x2F, 0xFD, ..] => Compression::Zstd,
        _ => Compression::None,
    }
}

fn encoding_of(text: &[u8]) -> Encoding {
    match text {
        [0xFF, 0xFE, ..] | [b'{', 0, ..] => Encoding::Utf16Le,
        [0xFE, 0xFF, ..] | [0, b'{', ..] => Encoding::Utf16Be,
        _ if separated_by_carriage_returns(text) => Encoding::Utf8CarriageReturn,
        _ => Encoding::Utf8,
    }
}

/// A CR outside of a string ends a line only if no LF does: two records then meet as `}`, CR, `{`.
fn separated_by_carriage_returns(text: &[u8]) -> bool {
    !text.contains(&b'\n') && text.windows(3).any(|three| three == b"}\r{")
}

fn refuse_other_formats(path: &Path, head: &[u8]) -> Result<()> {
    const LATER: &str = "convert it to JSONL first";
    let what = match head {
        [b'P', b'A', b'R', b'1', ..] => "a Parquet file",
        [b'A', b'R', b'R', b'O', b'W', b'1', ..] => "an Arrow IPC file",
        [b'B', b'Z', b'h', ..] => "compressed with bzip2",
        [0xFD, b'7', b'z', b'X', b'Z', 0, ..] => "compressed with xz",
        [b'P', b'K', 3, 4, ..] => "a ZIP archive",
        _ => return Ok(()),
    };
    Err(Error::Unsupported {
        path: path.display().to_string(),
        what,
        help: LATER,
    })
}

/// Refuses a file that is one JSON value over many lines: read as lines it would all be quarantined.
fn refuse_whole_file_json(path: &Path, text: &[u8], encoding: Encoding) -> Result<()> {
    const HELP: &str =
        "put one record on each line, for an array with `jq -c '.[]'`, else with `jq -c .`";
    if encoding != Encoding::Utf8 {
        return Ok(());
    }
    let record = coldpress_record::trim_record(text);
    let text = &text[record];
    let first_line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let first_line = &first_line[coldpress_record::trim_record(first_line)];
    let after_bracket = first_line.get(1..).unwrap_or_default().trim_ascii_start();
    let what = match first_line.first() {
        Some(b'[') if after_bracket.is_empty() || after_bracket.starts_with(b"{") => {
            "one JSON array of records"
        }
        Some(b'{') if first_line.len() == 1 && text.contains(&b'\n') => {
            "JSON with a record over several lines"
        }
        _ => return Ok(()),
    };
    let path = path.display().to_string();
    Err(Error::Unsupported {
        path,
        what,
        help: HELP,
    })
}

fn notes(path: &Path, compression: Compression, encoding: Encoding) -> Vec<String> {
    let name = path.display();
    let suffix = path
        .extension()
        .and_then(|suffix| suffix.to_str())
        .unwrap_or_default();
    let claimed = match suffix {
        "gz" => Compression::Gzip,
        "zst" | "zstd" => Compression::Zstd,
        _ => Compression::None,
    };
    let mut notes = Vec::new();
    if claimed != compression {
        notes.push(format!(
            "`{name}` is {}, not what its suffix says; it is read as what it is",
            describe(compression)
        ));
    }
    match encoding {
        Encoding::Utf8 => {}
        Encoding::Utf8CarriageReturn => notes.push(format!(
            "the lines of `{name}` end in CR alone; they are read so"
        )),
        Encoding::Utf16Le | Encoding::Utf16Be => {
            notes.push(format!("`{name}` is UTF-16; the output is UTF-8"))
        }
    }
    notes
}

fn describe(compression: Compression) -> &'static str {
    match compression {
        Compression::None => "not compressed",
        Compression::Gzip => "compressed with gzip",
        Compression::Zstd => "compressed with zstd",
    }
}
