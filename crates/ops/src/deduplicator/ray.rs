//! The names that Data-Juicer gives to its deduplicators for Ray clusters. Here they are aliases of the same operators; the
//! parameters about the cluster have no effect.

use coldpress_operator::OperatorSpec;

use super::{document, document_minhash, document_minhash_with_uid};

/// Parameters of `ray_document_deduplicator` about the cluster.
const EXACT: &[&str] = &["backend", "dedup_set_num", "redis_address"];

/// Parameters of the MinHash deduplicators for Ray about the cluster.
const MINHASH: &[&str] = &[
    "actor_memory",
    "max_pending_edge_buffer_task",
    "max_pending_filter_tasks",
    "memory_per_sample",
    "merge_batch_size",
    "minhash_batch_size",
    "num_edge_buffer_task_returns",
    "num_filter_task_returns",
    "task_memory",
    // From an earlier release; later ones ignore it.
    "tmp_file_name",
    "union_find_parallel_num",
    "union_threshold",
];

pub(super) fn specs() -> Vec<OperatorSpec> {
    let with_uid = "ray_bts_minhash_deduplicator_with_uid";
    vec![
        document::spec("ray_document_deduplicator").without_effect(EXACT),
        document_minhash::spec("ray_bts_minhash_deduplicator").without_effect(MINHASH),
        document_minhash::spec("ray_bts_minhash_cpp_deduplicator").without_effect(MINHASH),
        document_minhash_with_uid::spec(with_uid).without_effect(MINHASH),
    ]
}
