//! # What it does
//! Does the same as [`document_minhash_deduplicator`](#document_minhash_deduplicator), but of all records whose texts resemble each
//! other it keeps the one with the least `__dj__uid`. To add a dataset to one that has been deduplicated, give the new records
//! greater numbers: of two that resemble each other, the older one stays.
//!
//! # Parameters
//! Those of `document_minhash_deduplicator` except `verify`, which always keeps the first record. Each record needs a field
//! `__dj__uid`, an integer from -2^63 to 2^63 - 1; a record without one goes to quarantine. Of records with the same number, the
//! first in the dataset stays.
//!
//! # Example
//! Two records have the same text. The first has the number 7 and the second 3, so the first goes.
//!
//! # Notes on determinism
//! Pure: the result depends only on the texts, their numbers and the parameters, and the order in the dataset where numbers are the
//! same.

use coldpress_operator::{
    Global, OperatorSpec, ParamError, ParamReader, ParamSpec, Params, Record, RecordError,
    ResolveContext, Resolved, Rule, Shared, Signature, SignatureForm, Signer,
};
use serde_json::Value;

use super::document_minhash::{MinHash, MinHashParams, MinHashSigner};

/// The field that decides which record stays.
const UID: &str = "__dj__uid";

/// Returns the description of `document_minhash_deduplicator_with_uid` under this name.
pub(crate) fn spec(name: &str) -> OperatorSpec {
    OperatorSpec::deduplicator(
        name,
        "Keeps the record with the least `__dj__uid` of all whose texts share most of their shingles.",
        resolve,
    )
    .doc(&super::manual(include_str!("document_minhash_with_uid.rs")))
}

/// The parameters of `document_minhash_deduplicator` without `verify`.
#[derive(Clone)]
struct WithUidParams(MinHashParams);

impl Params for WithUidParams {
    fn specs() -> Vec<ParamSpec> {
        let mut specs = MinHashParams::specs();
        specs.retain(|spec| spec.name != "verify");
        specs
    }

    fn defaults() -> Self {
        Self(MinHashParams::defaults())
    }

    fn read(reader: &mut ParamReader<'_>) -> Result<Self, ParamError> {
        let params = MinHashParams::read(reader)?;
        match params.verify {
            false => Ok(Self(params)),
            true => Err(ParamError::new(
                "verify",
                "is not available here; `document_minhash_deduplicator` has it, and keeps the first record",
            )),
        }
    }

    fn to_json(&self) -> Value {
        self.0.to_json()
    }
}

fn resolve(
    WithUidParams(params): WithUidParams,
    context: &mut ResolveContext<'_>,
) -> Result<Global<SignerWithUid>, ParamError> {
    let minhash = MinHash::of(&params, context)?;
    let form = SignatureForm::Keys(minhash.keys().saturating_add(1));
    let signed_by = minhash.signed_by();
    let signer =
        Resolved::loading(move |shared: &Shared| minhash.signer(shared).map(SignerWithUid));
    let signer = signer.fields([context.text_key.as_str(), UID]);
    Ok(Global::new(signer, form, Rule::EqualKeepLeast).signed_by(signed_by))
}

pub(crate) struct SignerWithUid(MinHashSigner);

impl Signer for SignerWithUid {
    fn sign(&mut self, record: &Record<'_>, signature: &mut Signature) -> Result<(), RecordError> {
        let uid = record.json(1).and_then(|json| json.trim().parse().ok());
        let uid: i64 = uid.ok_or_else(|| {
            RecordError::new(format!("field `{UID}` must be an integer of 64 bits"))
        })?;
        self.0.sign(record, signature)?;
        signature.keys.push(rising(uid));
        Ok(())
    }
}

/// Maps a signed number to an unsigned one, keeping the order.
fn rising(number: i64) -> u64 {
    number.cast_unsigned() ^ 1 << 63
}
