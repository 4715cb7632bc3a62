//! Paths in the journal, which holds text. A path need not be text.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

/// Begins the text of a path that is not UTF-8; its bytes follow in hexadecimal digits. Whole paths begin with `/`, so none of
/// them can be mistaken for it.
const BYTES: &str = "bytes:";

/// Returns the text for a whole path: the path itself if it is UTF-8.
pub(crate) fn write(path: &Path) -> String {
    if let Some(text) = path.to_str() {
        return text.to_owned();
    }
    let mut text = BYTES.to_owned();
    for byte in path.as_os_str().as_bytes() {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Returns the path that a text stands for.
pub(crate) fn read(text: &str) -> PathBuf {
    let bytes = text.strip_prefix(BYTES).and_then(bytes_of);
    bytes.map_or_else(
        || PathBuf::from(text),
        |bytes| PathBuf::from(OsString::from_vec(bytes)),
    )
}

fn bytes_of(digits: &str) -> Option<Vec<u8>> {
    let pairs = digits.as_bytes().chunks(2);
    let byte = |pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    pairs.map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_is_read_as_it_was_written() {
        let odd = PathBuf::from(OsString::from_vec(b"/tmp/n\xffx/out.jsonl".to_vec()));
        assert_eq!(write(&odd), "bytes:2f746d702f6eff782f6f75742e6a736f6e6c");
        for path in [
            odd,
            PathBuf::from("/data/out.jsonl"),
            PathBuf::from("/bytes:2f"),
        ] {
            assert_eq!(read(&write(&path)), path);
        }
        assert_eq!(write(Path::new("/data/out.jsonl")), "/data/out.jsonl");
        assert_eq!(read("bytes:no digits"), Path::new("bytes:no digits"));
    }
}
