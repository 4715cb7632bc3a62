//! # What it does
//! Makes one record out of the whole dataset. Each of its fields is the list of the values of that field, in the order of the
//! records, with `null` for a record that lacks it.
//!
//! # Parameters
//! None.
//!
//! # Example
//! Of `{"text": "a"}` and `{"text": "b"}` it makes `{"text": ["a", "b"]}`.
//!
//! # Notes on determinism
//! Pure: the result depends only on the records and their order in the dataset. The record that comes out is held in memory and may
//! not be longer than `max_record_mb`. Statistics of filters are dropped here.

use coldpress_operator::{
    Global, NoParams, OperatorSpec, ParamError, Record, RecordError, ResolveContext, Resolved,
    Rule, Signature, SignatureForm, Signer,
};

/// Returns the description of `naive_grouper`.
pub(crate) fn spec() -> OperatorSpec {
    OperatorSpec::grouper(
        "naive_grouper",
        "Makes one record out of the whole dataset; its fields are lists.",
        resolve,
    )
    .doc(&super::manual(include_str!("naive.rs")))
}

fn resolve(_: NoParams, _: &mut ResolveContext<'_>) -> Result<Global<SameForAll>, ParamError> {
    let signer = Resolved::new(|| SameForAll).fields(Vec::<String>::new());
    Ok(Global::new(signer, SignatureForm::Digest, Rule::Group))
}

/// Gives all records the same digest.
pub(crate) struct SameForAll;

impl Signer for SameForAll {
    fn sign(&mut self, _: &Record<'_>, signature: &mut Signature) -> Result<(), RecordError> {
        signature.digests.push(0);
        Ok(())
    }
}
