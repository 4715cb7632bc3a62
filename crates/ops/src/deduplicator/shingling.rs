//! The parameters that MinHash and SimHash have in common.

use coldpress_operator::{Global, ParamError, Resolved, Rule, SignatureForm, Signer};
use serde_json::{Value, json};

use crate::fingerprint::digest;
use crate::fingerprint::shingles::{Shingler, Tokenization};
use crate::text::python;

/// The parameters that define the shingles.
pub(super) struct Shingling<'a> {
    pub(super) tokenization: &'a str,
    pub(super) window_size: u64,
    pub(super) lowercase: bool,
    pub(super) ignore_pattern: Option<&'a str>,
}

impl Shingling<'_> {
    /// Returns all of the parameters as JSON, because signatures depend on all of them.
    pub(super) fn to_json(&self) -> Value {
        json!({
            "tokenization": self.tokenization,
            "window_size": self.window_size,
            "lowercase": self.lowercase,
            // With the revision, so that signatures made by another version of the pattern engine are not used again.
            "ignore_pattern": self.ignore_pattern.map(|pattern| (pattern, coldpress_pattern::REVISION)),
        })
    }

    /// Makes the shingler that these parameters describe.
    pub(super) fn shingler(&self) -> Result<Shingler, ParamError> {
        self.shingler_of(tokenization(self.tokenization)?)
    }

    /// Makes a shingler with this tokenization, whatever the parameter says.
    pub(super) fn shingler_of(&self, tokenization: Tokenization) -> Result<Shingler, ParamError> {
        let window_size = usize::try_from(self.window_size).unwrap_or(usize::MAX);
        Shingler::new(
            tokenization,
            window_size,
            self.lowercase,
            self.ignore_pattern,
        )
        .map_err(|reason| {
            let message = format!("is not a pattern that can be used: {reason}");
            ParamError::new("ignore_pattern", message)
        })
    }
}

fn tokenization(name: &str) -> Result<Tokenization, ParamError> {
    let message = match name {
        "space" => return Ok(Tokenization::Space),
        "punctuation" => return Ok(Tokenization::Punctuation),
        "character" => return Ok(Tokenization::Character),
        other => format!("must be `space`, `punctuation` or `character`, found `{other}`"),
    };
    Err(ParamError::new("tokenization", message))
}

/// Returns an operator that compares its candidates by their sets of shingles. Its signatures then depend on `verify` too.
pub(super) fn verified<S: Signer + 'static>(
    signer: Resolved<S>,
    columns: u32,
    candidates: Rule,
    threshold: f64,
    signed_by: &mut Value,
) -> Global<S> {
    signed_by["has_set"] = true.into();
    let rule = Rule::Alike {
        candidates: Box::new(candidates),
        threshold,
    };
    Global::new(signer, SignatureForm::KeysAndSet(columns), rule)
}

/// Returns the key of a text without shingles that has these tokens. Such texts are duplicates only if their tokens are the same.
pub(super) fn whole_text_key(tokens: &str) -> u64 {
    let digest = digest::md5(python::strip(tokens).as_bytes());
    let [first @ .., _, _, _, _, _, _, _, _] = digest;
    // 0 means no key.
    u64::from_be_bytes(first).max(1)
}
