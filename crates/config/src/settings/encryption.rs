//! Encrypted inputs and outputs.

use crate::codec::{Flag, LocalPath, Optional};
use crate::section::{recipe_default, section};

section! {
    /// Encryption of the dataset and of the outputs, in Data-Juicer's format: each file is one Fernet token.
    pub struct EncryptionSettings {
        /// If true, all files of the dataset are encrypted, and are decrypted while they are read.
        decrypt: bool as Flag { "decrypt_after_reading", Value("false"), Run, Now }
        /// If true, the export and the files beside it are encrypted. The files of the job are not; see `docs/encryption.md`.
        encrypt: bool as Flag { "encrypt_before_export", Value("false"), Run, Now }
        /// The file with the key: 32 bytes as URL-safe base64. If not given, the key is in the environment variable
        /// `DJ_ENCRYPTION_KEY`. The key itself is never written anywhere.
        key_path: Option<String> as Optional<LocalPath> { "encryption_key_path", Value("null"), Run, Now }
    }
}

recipe_default!(EncryptionSettings);
