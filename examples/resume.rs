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

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use coldpress::prelude::*;

/// Changes nothing, and stops the run that it serves at its 250th record.
struct StopInTheMiddle(Arc<AtomicU64>, Arc<OnceLock<StopHandle>>);

impl Mapper for StopInTheMiddle {
    fn map(&mut self, _record: &Record<'_>, _changes: &mut Changes) -> Result<(), RecordError> {
        if self.0.fetch_add(1, Ordering::Relaxed) == 250 {
            self.1.get().into_iter().for_each(StopHandle::stop);
        }
        Ok(())
    }
}

fn main() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let path = |name: &str| folder.path().join(name).display().to_string();
    let executor = |job_id: &str, plug: Arc<OnceLock<StopHandle>>| -> anyhow::Result<Executor> {
        let recipe = Recipe::builder(
            "examples/data/webtext-mini.jsonl",
            path(&format!("{job_id}.jsonl")),
        )
        .call(OperatorCall::new("whitespace_normalization_mapper"))
        .call(OperatorCall::new("stop_mapper"))
        .set("work_dir", path("jobs"))
        .set("job_id", job_id)
        .set("partition.size", 50)
        .set("np", 1);
        let seen = Arc::new(AtomicU64::new(0));
        let stop = OperatorSpec::new(
            "stop_mapper",
            "Stops the run.",
            move |_: coldpress::operator::NoParams, _cx| {
                Ok(Operator::mapper(StopInTheMiddle(
                    Arc::clone(&seen),
                    Arc::clone(&plug),
                )))
            },
        );
        Ok(coldpress::executor(recipe.build()?)
            .operator(stop)
            .build()?)
    };

    let plug = Arc::new(OnceLock::new());
    let first = executor("stopped", Arc::clone(&plug))?;
    plug.get_or_init(|| first.stop_handle());
    println!("first run: {}", first.run()?.status);

    let second = executor("stopped", Arc::default())?.run()?;
    println!(
        "second run: {}, with work of the first one: {}",
        second.status,
        second.partitions_reused > 0
    );

    executor("whole", Arc::default())?.run()?;
    let same = std::fs::read(path("stopped.jsonl"))? == std::fs::read(path("whole.jsonl"))?;
    println!("same bytes as without a stop: {same}");
    Ok(())
}
