//! Deduplicators: operators that drop records, or lines of them, that others of the dataset have too.
//!
//! Each makes a small signature of a record; which records are duplicates is found out by the signatures of all.

use coldpress_operator::OperatorSpec;

use crate::manual::manual;

mod document;
mod document_line;
mod document_minhash;
mod document_simhash;
mod shingling;

/// All deduplicators. Those of Data-Juicer's that need a Ray cluster there are other names for the same thing here.
pub(crate) fn specs() -> Vec<OperatorSpec> {
    vec![
        document::spec("document_deduplicator"),
        document::spec("ray_document_deduplicator"),
        document_line::spec(),
        document_minhash::spec("document_minhash_deduplicator"),
        document_minhash::spec("ray_bts_minhash_deduplicator"),
        document_minhash::spec("ray_bts_minhash_cpp_deduplicator"),
        document_simhash::spec(),
    ]
}
