//! # What it does
//! Keeps the first of all records with the same text. Whitespace at the ends of a text does not count.
//!
//! # Parameters
//! `lowercase` and `ignore_non_character` say which other differences do not count.
//!
//! # Example
//! Of the texts `a b`, `A b` and `a b ` the last goes; with `lowercase: true` the second goes too.
//!
//! # Notes on determinism
//! Pure: the result depends only on the texts, their order in the dataset and the parameters. Texts are compared by 128 bits of
//! their SHA-256 digests. Data-Juicer uses MD5, for which anyone can make two different texts with the same digest; the second of
//! them would be lost.

use coldpress_operator::{
    Global, OperatorSpec, ParamError, Params, Record, RecordError, ResolveContext, Resolved, Rule,
    Signature, SignatureForm, Signer, params,
};

use crate::fingerprint::exact::{ExactHasher, ExactOptions};

params! {
    /// Parameters of `document_deduplicator`.
    pub(crate) struct DocumentParams {
        /// If set, upper and lower case are the same.
        lowercase: bool = false;
        /// If set, whitespace, digits and ASCII punctuation are left out.
        ignore_non_character: bool = false;
    }
}

/// Returns the description of `document_deduplicator` under this name.
pub(crate) fn spec(name: &str) -> OperatorSpec {
    OperatorSpec::deduplicator(
        name,
        "Keeps the first of all records with the same text.",
        resolve,
    )
    .doc(&super::manual(include_str!("document.rs")))
}

/// The digest by which texts are compared. It is part of the identity of signatures: those that earlier releases made with another
/// digest are never compared with these.
pub(super) const DIGEST: (&str, &str) = ("digest", "sha256/16");

fn resolve(
    params: DocumentParams,
    _: &mut ResolveContext<'_>,
) -> Result<Global<ExactSigner>, ParamError> {
    let options = ExactOptions {
        lowercase: params.lowercase,
        ignore_non_character: params.ignore_non_character,
    };
    let signer = Resolved::new(move || ExactSigner(ExactHasher::new(options)));
    let mut signed_by = params.to_json();
    if let Some(params) = signed_by.as_object_mut() {
        params.insert(DIGEST.0.to_owned(), DIGEST.1.into());
    }
    Ok(Global::new(signer, SignatureForm::Digest, Rule::Equal).signed_by(signed_by))
}

pub(crate) struct ExactSigner(ExactHasher);

impl Signer for ExactSigner {
    fn sign(&mut self, record: &Record<'_>, signature: &mut Signature) -> Result<(), RecordError> {
        let digest = self.0.digest(record.text(0)?);
        signature.digests.push(u128::from_be_bytes(digest));
        Ok(())
    }
}
