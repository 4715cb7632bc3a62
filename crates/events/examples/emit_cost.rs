//! Measures what telling an event costs its producer.
//!
//! `cargo run --release -p coldpress-events --example emit_cost` prints a line such as
//! `20000 events: median 420 ns, p99 1250 ns, lost 0`.

#![allow(clippy::print_stdout, reason = "it is what the example is for")]

use std::time::{Duration, Instant};

use coldpress_events::{Event, EventKind, EventLog, LogOptions};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let log = EventLog::open(folder.path(), "emit_cost", LogOptions::default())?;
    let sink = log.sink();
    let mut nanos = Vec::new();
    for index in 0..20_000_u64 {
        let began = Instant::now();
        sink.emit(
            Event::new(EventKind::OpComplete, "clean_links_mapper is through")
                .partition(index)
                .operation("clean_links_mapper", 0)
                .attempt(1)
                .rows(10_000, 9_900)
                .duration_seconds(0.5),
        );
        nanos.push(began.elapsed().as_nanos());
        // A job tells its events one by one, not in one burst.
        if index % 100 == 0 {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
    let lost = log.lost();
    log.close()?;
    nanos.sort_unstable();
    let (median, p99) = (nanos[nanos.len() / 2], nanos[nanos.len() / 100 * 99]);
    println!(
        "{} events: median {median} ns, p99 {p99} ns, lost {lost}",
        nanos.len()
    );
    Ok(())
}
