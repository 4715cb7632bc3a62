//! Deduplicators: operators that drop records, or lines of them, that others of the dataset have too.
//!
//! Each makes a small signature of a record; which records are duplicates is found out by the signatures of all.

use coldpress_operator::OperatorSpec;

use crate::manual::manual;

mod document;
mod document_line;
mod document_minhash;
mod document_minhash_with_uid;
mod document_simhash;
mod ray;
mod shingling;

/// All deduplicators.
pub(crate) fn specs() -> Vec<OperatorSpec> {
    let mut specs = vec![
        document::spec("document_deduplicator"),
        document_line::spec(),
        document_minhash::spec("document_minhash_deduplicator"),
        document_minhash_with_uid::spec("document_minhash_deduplicator_with_uid"),
        document_simhash::spec(),
    ];
    specs.extend(ray::specs());
    specs
}
