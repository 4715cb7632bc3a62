//! Keys, and where they are.

use std::fmt;
use std::path::PathBuf;

use aes::Aes128;
use aes::cipher::KeyInit;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE;
use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::{Error, Result, read_small};

/// The environment variable that holds the key if no file is named. Data-Juicer reads the same one.
pub const KEY_VARIABLE: &str = "DJ_ENCRYPTION_KEY";

/// A key file is one short line. Anything longer is something else.
const MOST_BYTES: u64 = 4096;

/// Where a key is. This may be written down and sent to other processes; the key itself never is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyPlace {
    /// In a file.
    File(PathBuf),
    /// In the environment variable [`KEY_VARIABLE`].
    Environment,
}

impl KeyPlace {
    /// Reads the key.
    ///
    /// # Errors
    /// [`Error::BadKey`] if there is none or it is not a key, [`Error::Io`] if the file cannot be read. No message shows what
    /// was read.
    pub fn load(&self) -> Result<FernetKey> {
        let bad = |reason: &str| Error::BadKey {
            place: self.to_string(),
            reason: reason.to_owned(),
        };
        let text = match self {
            Self::File(path) => match read_small(path, MOST_BYTES) {
                Ok(bytes) => String::from_utf8(bytes).map_err(|_| bad(NOT_A_KEY))?,
                Err(Error::TooLarge { .. }) => return Err(bad(NOT_A_KEY)),
                Err(error) if error.is_not_found() => return Err(bad("does not exist")),
                Err(error) => return Err(error),
            },
            Self::Environment => match std::env::var(KEY_VARIABLE) {
                Ok(text) if !text.trim().is_empty() => text,
                Ok(_) | Err(std::env::VarError::NotPresent) => {
                    return Err(bad(
                        "is not set, and `encryption_key_path` does not name a file",
                    ));
                }
                Err(std::env::VarError::NotUnicode(_)) => return Err(bad(NOT_A_KEY)),
            },
        };
        FernetKey::parse(&text).ok_or_else(|| bad(NOT_A_KEY))
    }
}

const NOT_A_KEY: &str = "does not hold a Fernet key: 32 bytes as URL-safe base64, as `Fernet.generate_key()` of Python's \
                         `cryptography` makes them";

impl fmt::Display for KeyPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "the key file `{}`", path.display()),
            Self::Environment => write!(f, "the environment variable `{KEY_VARIABLE}`"),
        }
    }
}

/// A key. It is never shown.
#[derive(Clone)]
pub struct FernetKey {
    signing: [u8; 16],
    encryption: [u8; 16],
}

impl fmt::Debug for FernetKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FernetKey(..)")
    }
}

impl FernetKey {
    /// Reads a key from its text, or returns none if it is not a key. White space around it is ignored.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes: [u8; 32] = URL_SAFE.decode(text.trim()).ok()?.try_into().ok()?;
        let (signing, encryption) = bytes.split_at(16);
        Some(Self {
            signing: signing.try_into().ok()?,
            encryption: encryption.try_into().ok()?,
        })
    }

    /// Returns a short text that differs from key to key and says nothing else about the key.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let mut mac = self.mac();
        // Tokens begin with another byte, so this is the signature of none.
        mac.update(b"fingerprint");
        let bytes = mac.finalize().into_bytes();
        let first = bytes.iter().take(4);
        first.map(|byte| format!("{byte:02x}")).collect()
    }

    pub(super) fn mac(&self) -> Hmac<Sha256> {
        // A key of HMAC may have any length up to a block's, so this is what `new_from_slice` does, without its error.
        let mut key = hmac::digest::Key::<Hmac<Sha256>>::default();
        key[..self.signing.len()].copy_from_slice(&self.signing);
        <Hmac<Sha256> as hmac::KeyInit>::new(&key)
    }

    pub(super) fn cipher(&self) -> Aes128 {
        Aes128::new(&self.encryption.into())
    }
}
