//! What the parameters of MinHash and SimHash have in common.

use coldpress_operator::ParamError;

use crate::fingerprint::digest;
use crate::fingerprint::shingles::{Shingler, Tokenization};

/// Reads the parameters that say what shingles are.
pub(super) fn shingler(
    tokenization: &str,
    window_size: u64,
    lowercase: bool,
    ignore_pattern: Option<&str>,
) -> Result<Shingler, ParamError> {
    let tokenization = match tokenization {
        "space" => Tokenization::Space,
        "punctuation" => Tokenization::Punctuation,
        "character" => Tokenization::Character,
        "sentencepiece" => {
            let message =
                "cannot be `sentencepiece` yet; use `space`, `punctuation` or `character`";
            return Err(ParamError::new("tokenization", message));
        }
        other => {
            let message = format!("must be `space`, `punctuation` or `character`, found `{other}`");
            return Err(ParamError::new("tokenization", message));
        }
    };
    let window_size = usize::try_from(window_size).unwrap_or(usize::MAX);
    Shingler::new(tokenization, window_size, lowercase, ignore_pattern).map_err(|reason| {
        let message = format!("is not a pattern that can be used: {reason}");
        ParamError::new("ignore_pattern", message)
    })
}

/// The key of a text without shingles: such texts are duplicates only if they are the same.
pub(super) fn whole_text_key(text: &str) -> u64 {
    let [first @ .., _, _, _, _, _, _, _, _] = digest::md5(text.trim().as_bytes());
    // 0 stands for no key.
    u64::from_be_bytes(first).max(1)
}
