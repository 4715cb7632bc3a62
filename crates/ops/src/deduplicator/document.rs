//! # What it does
//! Keeps the first of all records with the same text. Whitespace at the ends of a text does not count.
//!
//! # Parameters
//! `lowercase` and `ignore_non_character` say which differences do not count either.
//!
//! # Example
//! Of the texts `a b`, `A b` and `a b ` the last goes; with `lowercase: true` the second goes too.
//!
//! # Notes on determinism
//! Pure: the texts, their order in the dataset and the parameters decide. Texts are compared by their MD5 digests, as
//! Data-Juicer does it.

use coldpress_operator::{
    Global, OperatorSpec, ParamError, Record, RecordError, ResolveContext, Resolved, Rule,
    Signature, SignatureForm, Signer, params,
};

use crate::fingerprint::exact::{ExactHasher, ExactOptions};

params! {
    /// Parameters of `document_deduplicator`.
    pub(crate) struct DocumentParams {
        /// Whether upper and lower case are the same.
        lowercase: bool = false;
        /// Whether whitespace, digits and ASCII punctuation are left out.
        ignore_non_character: bool = false;
    }
}

/// The description of `document_deduplicator`, under this name.
pub(crate) fn spec(name: &str) -> OperatorSpec {
    OperatorSpec::deduplicator(
        name,
        "Keeps the first of all records with the same text.",
        resolve,
    )
    .doc(&super::manual(include_str!("document.rs")))
}

fn resolve(
    params: DocumentParams,
    _: &mut ResolveContext<'_>,
) -> Result<Global<ExactSigner>, ParamError> {
    let options = ExactOptions {
        lowercase: params.lowercase,
        ignore_non_character: params.ignore_non_character,
    };
    let signer = Resolved::new(move || ExactSigner(ExactHasher::new(options)));
    Ok(Global::new(signer, SignatureForm::Digest, Rule::Equal))
}

pub(crate) struct ExactSigner(ExactHasher);

impl Signer for ExactSigner {
    fn sign(&mut self, record: &Record<'_>, signature: &mut Signature) -> Result<(), RecordError> {
        let digest = self.0.digest(record.text(0)?);
        signature.digests.push(u128::from_be_bytes(digest));
        Ok(())
    }
}
