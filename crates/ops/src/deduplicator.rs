//! Deduplicators: operators that drop records, or lines of records, that occur elsewhere in the dataset.
//!
//! Each makes a small signature of every record. The duplicates are found by comparing the signatures of all records.

use coldpress_operator::OperatorSpec;

use crate::manual::manual;

mod document;
mod document_line;
mod document_minhash;
mod document_minhash_with_uid;
mod document_simhash;
mod ray;
mod shingling;

/// Returns the descriptions of all deduplicators.
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
