//! The resources that the processes of a job use: processor time, memory, and what they read and write.

use std::collections::BTreeMap;
use std::time::Instant;

use crate::memory::resident_bytes;

/// The resources that the processes used since the previous sample, and the memory that they hold.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Usage {
    /// Resident memory.
    pub(crate) memory_bytes: u64,
    /// Processor time per time; 100 = one core was busy throughout.
    pub(crate) cpu_percent: f64,
    /// Bytes that were fetched from storage; what the system had in memory already does not count.
    pub(crate) read_bytes: u64,
    /// Bytes that were sent to storage.
    pub(crate) written_bytes: u64,
}

/// The counters of one process, from its start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counters {
    cpu_ticks: u64,
    read_bytes: u64,
    written_bytes: u64,
}

/// Compares counters of processes from one sample to the next.
#[derive(Debug)]
pub(crate) struct UsageMeter {
    sampled: Instant,
    /// By process.
    known: BTreeMap<u32, Counters>,
}

impl UsageMeter {
    /// Begins to measure this process.
    pub(crate) fn begin() -> Self {
        let own = std::process::id();
        Self {
            sampled: Instant::now(),
            known: BTreeMap::from([(own, Counters::of(own))]),
        }
    }

    /// Seconds since the last sample.
    pub(crate) fn seconds(&self) -> f64 {
        self.sampled.elapsed().as_secs_f64()
    }

    /// Samples this process and the others given. A process that began since the previous sample
    /// counts from its start; the last use of one that ended is not known. Returns none if the system has no such figures.
    pub(crate) fn sample(&mut self, others: &[u32]) -> Option<Usage> {
        let seconds = self.seconds();
        self.sampled = Instant::now();
        let memory_bytes = Some(resident_bytes(others)).filter(|bytes| *bytes > 0)?;
        let processes = others.iter().copied().chain([std::process::id()]);
        let now: BTreeMap<u32, Counters> = processes.map(|pid| (pid, Counters::of(pid))).collect();
        let mut used = Counters::default();
        for (pid, now) in &now {
            let before = self.known.get(pid).copied().unwrap_or_default();
            used.add(now.since(before));
        }
        self.known = now;
        let cpu_seconds = used.cpu_ticks as f64 / rustix::param::clock_ticks_per_second() as f64;
        Some(Usage {
            memory_bytes,
            cpu_percent: 100.0 * cpu_seconds / seconds.max(1e-3),
            read_bytes: used.read_bytes,
            written_bytes: used.written_bytes,
        })
    }
}

impl Counters {
    /// The counters of a process; zeros if the system has no such figures.
    fn of(pid: u32) -> Self {
        let text =
            |file: &str| std::fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap_or_default();
        let io = text("io");
        Self {
            cpu_ticks: cpu_ticks(&text("stat")).unwrap_or(0),
            read_bytes: value(&io, "read_bytes:").unwrap_or(0),
            written_bytes: value(&io, "write_bytes:").unwrap_or(0),
        }
    }

    /// A number of a process may be given to another, whose counters are lower.
    fn since(self, before: Self) -> Self {
        Self {
            cpu_ticks: self.cpu_ticks.saturating_sub(before.cpu_ticks),
            read_bytes: self.read_bytes.saturating_sub(before.read_bytes),
            written_bytes: self.written_bytes.saturating_sub(before.written_bytes),
        }
    }

    fn add(&mut self, other: Self) {
        self.cpu_ticks += other.cpu_ticks;
        self.read_bytes += other.read_bytes;
        self.written_bytes += other.written_bytes;
    }
}

/// The ticks of a `stat`, in user and system mode: the 14th and 15th value. The second is the name of the program in
/// brackets, which may have blanks and brackets itself.
fn cpu_ticks(stat: &str) -> Option<u64> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut values = after_name.split_ascii_whitespace().skip(11);
    let user: u64 = values.next()?.parse().ok()?;
    let system: u64 = values.next()?.parse().ok()?;
    Some(user + system)
}

/// The value of a line that begins with this name.
fn value(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_tells_is_read() {
        let stat = "12 (odd) name)) S 1 12 12 0 -1 4194560 100 0 0 0 250 30 7 8 20 0 1 0 99 1 2";
        assert_eq!(cpu_ticks(stat), Some(280));
        assert_eq!(cpu_ticks("12 (cut"), None);
        let io =
            "rchar: 5\nwchar: 6\nread_bytes: 4096\nwrite_bytes: 8192\ncancelled_write_bytes: 1\n";
        assert_eq!(
            (value(io, "read_bytes:"), value(io, "write_bytes:")),
            (Some(4096), Some(8192))
        );
    }

    #[test]
    fn a_busy_process_is_seen() {
        let mut meter = UsageMeter::begin();
        let begun = Instant::now();
        let mut sum = 0_u64;
        while begun.elapsed().as_millis() < 300 {
            sum = std::hint::black_box(sum.wrapping_mul(31) + 1);
        }
        let usage = meter.sample(&[]).unwrap();
        // A loaded machine gives this thread only a part of a core.
        assert!(usage.cpu_percent > 1.0, "{usage:?}");
        assert!(usage.memory_bytes > 100_000, "{usage:?}");
        // Nothing has the number 0, and nothing is counted twice.
        assert!(meter.sample(&[0]).is_some());
    }
}
