//! Measures what an event costs the thread that emits it, and how many events the log takes.
//!
//! `cargo bench -p coldpress-events --bench log` prints a line for each measurement, such as
//!
//! ```text
//! one thread, 100,000 events/s for 3 s: median 420 ns, p99 1250 ns, 0 lost
//! sustained: 1,000,000 events in 1.52 s, 657,000 events/s, 0 lost
//! ```

#![allow(clippy::print_stdout, reason = "it is what the bench is for")]

use std::path::Path;
use std::time::{Duration, Instant};

use coldpress_events::{Event, EventFilter, EventKind, EventLog, LogOptions, read_events};

type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result {
    let folder = tempfile::tempdir()?;
    paced(&folder.path().join("paced"), 100_000, 3)?;
    sustained(&folder.path().join("sustained"), 1_000_000)
}

/// Returns an event of the most common kind in a job.
fn event(index: u64) -> Event {
    Event::new(EventKind::OpComplete, "10000 records in, 9900 out")
        .partition(index)
        .operation("clean_links_mapper", 0)
        .attempt(1)
        .rows(10_000, 9_900)
        .duration_seconds(0.5)
}

/// Measures what emitting an event costs when events are spread evenly over each second.
fn paced(folder: &Path, per_second: u32, seconds: u32) -> Result {
    let log = EventLog::open(folder, "paced", LogOptions::default())?;
    let sink = log.sink();
    let every = Duration::from_secs(1) / per_second;
    let mut nanos = Vec::new();
    let begun = Instant::now();
    for index in 0..per_second * seconds {
        let due = begun + every * index;
        // Waking up takes longer than the time between two events.
        while Instant::now() < due {
            std::hint::spin_loop();
        }
        let event_begun = Instant::now();
        sink.emit(event(u64::from(index)));
        nanos.push(event_begun.elapsed().as_nanos());
    }
    let lost = log.lost();
    log.close()?;
    nanos.sort_unstable();
    let (median, p99) = (nanos[nanos.len() / 2], nanos[nanos.len() / 100 * 99]);
    println!(
        "one thread, {per_second} events/s for {seconds} s: median {median} ns, p99 {p99} ns, {lost} lost"
    );
    Ok(())
}

/// Measures how many events per second reach the files if the producer never gets further ahead than the queue allows.
fn sustained(folder: &Path, events: u64) -> Result {
    let options = LogOptions::default();
    let burst = options.queue_events as u64 / 2;
    let log = EventLog::open(folder, "sustained", options)?;
    let sink = log.sink();
    let begun = Instant::now();
    for index in 0..events {
        sink.emit(event(index));
        if index % burst == burst - 1 {
            log.flush()?;
        }
    }
    let lost = log.lost();
    log.flush()?;
    let seconds = begun.elapsed().as_secs_f64();
    log.close()?;
    println!(
        "sustained: {events} events in {seconds:.2} s, {:.0} events/s, {lost} lost",
        events as f64 / seconds
    );
    let begun = Instant::now();
    let read = read_events(folder, EventFilter::new().partition(events - 1))?.count();
    println!(
        "read: all files through a filter in {:.2} s, {read} found",
        begun.elapsed().as_secs_f64()
    );
    Ok(())
}
