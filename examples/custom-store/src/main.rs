//! Runs a job whose checkpoints go to a store of one's own.
//!
//! ```text
//! $ cargo run
//! completed: 100 records kept
//! 4 checkpoints were written
//! ```

use std::sync::Arc;
use std::sync::atomic::Ordering;

use coldpress::prelude::*;
use coldpress::storage::MemoryStore;
use custom_store::CountingStore;

fn main() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let path = |name: &str| folder.path().join(name).display().to_string();
    let lines: String = (0..100)
        .map(|id| format!("{{\"id\": {id}, \"text\": \"text  {id}\"}}\n"))
        .collect();
    std::fs::write(path("in.jsonl"), lines)?;

    // Two partitions, two operators, and a checkpoint behind every operator.
    let recipe = Recipe::builder(path("in.jsonl"), path("out.jsonl"))
        .call(OperatorCall::new("whitespace_normalization_mapper"))
        .operator("text_length_filter", [("min_len", 1)])
        .set("work_dir", path("jobs"))
        .set("partition.size", 50)
        .set("checkpoint.strategy", "every_op")
        .build()?;
    let store = CountingStore::new(MemoryStore::new());
    let counts = store.counts();
    // A store is opened by its URL, so that worker processes and commands can open it too; this one lives in this process.
    let schemes = StoreSchemes::default().with("counted", move |_| Ok(Arc::new(store.clone())));
    let report = coldpress::executor(recipe)
        .schemes(schemes)
        .store(Place::Checkpoints, "counted:")
        .build()?
        .run()?;

    println!(
        "{}: {} records kept",
        report.status,
        report.ledger.exported()
    );
    println!(
        "{} checkpoints were written",
        counts.written.load(Ordering::Relaxed)
    );
    Ok(())
}
