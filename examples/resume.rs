//! Stops a job in its middle and runs it again under the same id: it goes on, and the output has the same bytes as
//! that of a run that was never stopped.
//!
//! ```text
//! $ cargo run --example resume -p coldpress
//! first run: stopped
//! second run: completed, with work of the first one: true
//! same bytes as without a stop: true
//! ```
#![allow(clippy::print_stdout, reason = "an example shows its result")]

use coldpress::prelude::*;

fn main() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let path = |name: &str| folder.path().join(name).display().to_string();
    let executor = |job_id: &str| -> anyhow::Result<Executor> {
        let recipe = Recipe::builder(
            "examples/data/webtext-mini.jsonl",
            path(&format!("{job_id}.jsonl")),
        )
        .call(OperatorCall::new("whitespace_normalization_mapper"))
        .set("work_dir", path("jobs"))
        .set("job_id", job_id)
        .set("partition.size", 2)
        .build()?;
        Ok(coldpress::executor(recipe).build()?)
    };

    let first = executor("stopped")?;
    let (events, stop) = (first.live_events(), first.stop_handle());
    std::thread::spawn(move || {
        // The first of 242 partitions: the others are far from done.
        let is_complete = |event: &Event| event.kind == EventKind::PartitionComplete;
        if events.into_iter().any(|event| is_complete(&event)) {
            stop.stop();
        }
    });
    println!("first run: {}", first.run()?.status);

    let second = executor("stopped")?.run()?;
    let goes_on = second.partitions_reused > 0;
    println!(
        "second run: {}, with work of the first one: {goes_on}",
        second.status
    );

    executor("whole")?.run()?;
    let same = std::fs::read(path("stopped.jsonl"))? == std::fs::read(path("whole.jsonl"))?;
    println!("same bytes as without a stop: {same}");
    Ok(())
}
