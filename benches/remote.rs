//! The same job over a file of this machine and over one behind a URL whose server is far away, timed.
//!
//!     COLDPRESS_BENCH_DATA=big.jsonl cargo bench --bench remote
//!     COLDPRESS_BENCH_LATENCY=50 cargo bench --bench remote       milliseconds that each request takes
//!
//! The server is a part of this process, so that its own time is counted against the second row. Runs alternate; the rows
//! have the medians of the wall time, syncing included. MB are 10^6 bytes of JSONL. Without data of your own, the dataset in
//! the repository is taken many times over.

#![allow(clippy::print_stdout, reason = "a bench prints its table")]

use std::path::Path;
use std::time::Duration;

use coldpress::prelude::*;
use coldpress::storage::digest_file;
use coldpress_remote::testing::{Faults, Proxy, WebKind, WebServer};

const RUNS: usize = 5;
/// Bytes of the dataset that is made of the repository's.
const MADE_BYTES: usize = 100_000_000;

fn main() -> anyhow::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = tempfile::tempdir()?;
    let data = match std::env::var_os("COLDPRESS_BENCH_DATA") {
        Some(data) => data.into(),
        None => {
            let small = std::fs::read(root.join("examples/data/webtext-mini.jsonl"))?;
            let path = folder.path().join("data.jsonl");
            std::fs::write(&path, small.repeat(MADE_BYTES / small.len() + 1))?;
            path
        }
    };
    let latency = match std::env::var("COLDPRESS_BENCH_LATENCY") {
        Ok(millis) => millis.parse()?,
        Err(_) => 50,
    };
    let server = WebServer::start(WebKind::good());
    server.put("/data.jsonl", &std::fs::read(&data)?);
    let latency_of_each = Faults::none().latency(Duration::from_millis(latency));
    let proxy = Proxy::start(server.address(), latency_of_each);
    let url = format!("http://{}/data.jsonl", proxy.address());
    let mut seconds = [Vec::new(), Vec::new()];
    let mut exports = Vec::new();
    for run in 0..=RUNS {
        for (of, dataset) in [data.display().to_string(), url.clone()].iter().enumerate() {
            let folder = tempfile::tempdir()?;
            let report = coldpress::executor(recipe(&root, dataset, folder.path())?)
                .build()?
                .run()?;
            exports.push(digest_file(&report.export_path)?.digest);
            // The first warms the page cache.
            seconds[of].extend((run > 0).then_some(report.seconds));
        }
    }
    anyhow::ensure!(
        exports.iter().all(|export| *export == exports[0]),
        "two runs gave two exports"
    );
    let megabytes = std::fs::metadata(&data)?.len() as f64 / 1e6;
    let requests = proxy.seen().len() / (RUNS + 1);
    println!("{megabytes:.1} MB, {latency} ms for each of {requests} requests");
    let medians = seconds.map(|mut seconds| {
        seconds.sort_by(f64::total_cmp);
        seconds[RUNS / 2]
    });
    for (name, seconds) in ["on this machine", "behind a URL"].iter().zip(medians) {
        println!(
            "{name:<16} {seconds:>8.3} s {:>8.1} MB/s",
            megabytes / seconds
        );
    }
    println!("ratio {:.2}", medians[0] / medians[1]);
    Ok(())
}

/// The ten-operator cleaning recipe over this dataset.
fn recipe(root: &Path, dataset: &str, folder: &Path) -> anyhow::Result<Recipe> {
    let path = |name: &str| folder.join(name).display().to_string();
    let builder = Recipe::builder(dataset, path("out.jsonl"))
        .set("work_dir", path("jobs"))
        .set("np", 2)
        .set("checkpoint.strategy", "disabled");
    let calls = Recipe::load(&root.join("configs/quickstart.yaml"), &Overrides::default())?.process;
    let builder = calls
        .into_iter()
        .fold(builder, |builder, call| builder.call(call));
    Ok(builder.build()?)
}
