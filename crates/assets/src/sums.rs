//! The list of digests beside the files of a folder, in the format of `sha256sum`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Read;
use std::path::Path;

use coldpress_storage::{open_file, read_small, replace};
use sha2::{Digest as _, Sha256};

use crate::error::{Error, Result};
use crate::folders::is_within;

/// The name of the list. `sha256sum -c SHA256SUMS` reads it too.
pub const SUMS: &str = "SHA256SUMS";
const LONGEST: u64 = 16 << 20;

/// The digests of the files of a folder of assets when they were downloaded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sums(BTreeMap<String, String>);

impl Sums {
    /// Reads the list of a folder; without one, it is empty. Lines in another format are skipped.
    ///
    /// # Errors
    /// [`Error::Storage`] if the list exists and cannot be read.
    pub fn read(folder: &Path) -> Result<Self> {
        let path = folder.join(SUMS);
        if !path.exists() {
            return Ok(Self::default());
        }
        let bytes = read_small(&path, LONGEST)?;
        let text = String::from_utf8_lossy(&bytes);
        let line = |line: &str| {
            let (digest, name) = line.split_once("  ")?;
            let is_digest =
                digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
            (is_digest && is_within(name)).then(|| (name.to_owned(), digest.to_lowercase()))
        };
        Ok(Self(text.lines().filter_map(line).collect()))
    }

    /// Returns the digest of a file, if it is on the list.
    #[must_use]
    pub fn of(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Notes the digest of a file of a folder.
    ///
    /// # Errors
    /// [`Error::Storage`] if the list cannot be read or written.
    pub fn note(folder: &Path, name: &str, sha256: &str) -> Result<()> {
        let mut sums = Self::read(folder)?;
        sums.0.insert(name.to_owned(), sha256.to_owned());
        let mut text = String::new();
        for (name, digest) in &sums.0 {
            let _ = writeln!(text, "{digest}  {name}");
        }
        Ok(replace(folder.join(SUMS), text.as_bytes())?)
    }
}

/// Returns the SHA-256 of a file, in hexadecimal digits.
///
/// # Errors
/// [`Error::Io`], [`Error::Storage`].
pub fn sha256(path: &Path) -> Result<String> {
    let mut file = open_file(path)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        let length = file.read(&mut buffer).map_err(Error::io("read", path))?;
        match length {
            0 => return Ok(hex(&hasher.finalize())),
            _ => hasher.update(&buffer[..length]),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Sums::read(folder.path()).unwrap(), Sums::default());
        std::fs::write(folder.path().join("a"), "abc").unwrap();
        let digest = sha256(&folder.path().join("a")).unwrap();
        assert_eq!(
            digest,
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        Sums::note(folder.path(), "a", &digest).unwrap();
        Sums::note(folder.path(), "b/c", &digest).unwrap();
        let sums = Sums::read(folder.path()).unwrap();
        assert_eq!((sums.of("a"), sums.of("c")), (Some(digest.as_str()), None));
    }

    #[test]
    fn other_lines_are_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let digest = "0".repeat(64);
        let text = format!("junk\n{digest}  ../x\n{digest}  good\nabc  short\n");
        std::fs::write(folder.path().join(SUMS), text).unwrap();
        let sums = Sums::read(folder.path()).unwrap();
        assert_eq!(
            (sums.of("good"), sums.of("../x"), sums.of("short")),
            (Some(digest.as_str()), None, None)
        );
    }
}
