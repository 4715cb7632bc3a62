//! Memory: how much is in use, and whether another attempt may begin.

/// Above this share of the limit no further attempt begins, in percent.
pub(crate) const CLOSED_ABOVE: u64 = 85;

/// Below this share of the limit attempts begin again, in percent.
pub(crate) const OPEN_BELOW: u64 = 75;

/// Lets attempts begin as long as there is memory: a pure state machine over what is in use.
///
/// Maintains the following invariant: while nothing runs, one attempt may always begin, so that a job with too little
/// memory is slow and does not stand still.
#[derive(Clone, Debug)]
pub(crate) struct MemoryGate {
    limit_bytes: u64,
    is_closed: bool,
    /// Whether something had to wait since the gate was closed.
    is_told: bool,
}

/// Whether an attempt may begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Admission {
    /// It may.
    Begin,
    /// It must wait; `first` for the first time since memory ran short.
    Wait { first: bool },
}

impl MemoryGate {
    pub(crate) fn new(limit_bytes: u64) -> Self {
        Self {
            limit_bytes,
            is_closed: false,
            is_told: false,
        }
    }

    pub(crate) fn limit_bytes(&self) -> u64 {
        self.limit_bytes
    }

    /// Takes note of how much is in use.
    pub(crate) fn note(&mut self, used_bytes: u64) {
        let percent = |share: u64| u128::from(self.limit_bytes) * u128::from(share);
        let used = u128::from(used_bytes) * 100;
        if used > percent(CLOSED_ABOVE) {
            self.is_closed = true;
        } else if used < percent(OPEN_BELOW) {
            (self.is_closed, self.is_told) = (false, false);
        }
    }

    /// Returns whether another attempt must wait while so many run.
    pub(crate) fn holds_back(&self, running: usize) -> bool {
        self.is_closed && running > 0
    }

    /// Asks for another attempt while so many run.
    pub(crate) fn admit(&mut self, running: usize) -> Admission {
        if !self.holds_back(running) {
            return Admission::Begin;
        }
        let first = !std::mem::replace(&mut self.is_told, true);
        Admission::Wait { first }
    }
}

/// The resident memory of this process and of these others, in bytes; a process that has ended has none.
pub(crate) fn resident_bytes(others: &[u32]) -> u64 {
    let others = others.iter().map(|pid| format!("/proc/{pid}/statm"));
    let files = std::iter::once("/proc/self/statm".to_owned()).chain(others);
    let texts = files.filter_map(|file| std::fs::read_to_string(file).ok());
    let pages: u64 = texts.filter_map(|text| resident_pages(&text)).sum();
    pages * rustix::param::page_size() as u64
}

/// The second number of a `statm`.
fn resident_pages(statm: &str) -> Option<u64> {
    statm.split_ascii_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const WAIT: Admission = Admission::Wait { first: false };
    const FIRST: Admission = Admission::Wait { first: true };

    #[test]
    fn the_gate_closes_above_one_share_and_opens_below_another() {
        let mut gate = MemoryGate::new(1000);
        for (used, admission) in [
            (0, Admission::Begin),
            (850, Admission::Begin),
            (851, FIRST),
            (2000, WAIT),
            (850, WAIT),
            (750, WAIT),
            (749, Admission::Begin),
            (850, Admission::Begin),
            (900, FIRST),
            (800, WAIT),
        ] {
            gate.note(used);
            assert_eq!(gate.admit(2), admission, "{used}");
        }
    }

    #[test]
    fn one_attempt_may_always_run() {
        let mut gate = MemoryGate::new(1);
        gate.note(u64::MAX);
        assert_eq!(gate.admit(0), Admission::Begin);
        assert_eq!(gate.admit(1), FIRST);
        assert_eq!(gate.admit(0), Admission::Begin);
        assert_eq!(gate.admit(1), WAIT);
    }

    #[test]
    fn resident_memory_is_counted() {
        assert_eq!(resident_pages("100 20 3 1 0 5 0\n"), Some(20));
        assert_eq!(resident_pages(""), None);
        let own = resident_bytes(&[]);
        assert!(own > 100_000, "{own}");
        // Nothing has the number 0.
        assert!(resident_bytes(&[0]) > 100_000);
        assert!(resident_bytes(&[std::process::id()]) > own * 3 / 2);
    }
}
