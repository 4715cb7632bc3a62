//! Listens to a job while it runs: events come through an iterator, in a thread of its own.
//!
//! ```text
//! $ cargo run --example monitor_events -p coldpress
//! partition 0: 200 records in, 200 records out
//! partition 1: 200 records in, 200 records out
//! partition 2: 84 records in, 84 records out
//! the job is done
//! ```
#![allow(clippy::print_stdout, reason = "an example shows its result")]

use coldpress::prelude::*;

fn main() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let path = |name: &str| folder.path().join(name).display().to_string();
    let recipe = Recipe::builder("examples/data/webtext-mini.jsonl", path("out.jsonl"))
        .call(OperatorCall::new("clean_links_mapper"))
        .set("work_dir", path("jobs"))
        .set("partition.size", 200)
        .set("np", 1)
        .build()?;
    let executor = coldpress::executor(recipe).build()?;

    // To be asked for before the run; the iterator ends when the run does.
    let events = executor.live_events();
    let listener = std::thread::spawn(move || {
        for event in events {
            match (
                &event.kind,
                event.partition_id,
                event.input_rows,
                event.output_rows,
            ) {
                (EventKind::PartitionComplete, Some(partition), Some(input), Some(output)) => {
                    println!("partition {partition}: {input} records in, {output} records out");
                }
                (EventKind::JobComplete, ..) => println!("the job is done"),
                _ => {}
            }
        }
    });
    executor.run()?;
    listener
        .join()
        .map_err(|_| anyhow::anyhow!("the listener panicked"))
}
