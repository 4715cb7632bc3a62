//! Bounds on the size of a report, whatever the size of the job.

use std::time::Duration;

/// The bounds on a report. With the defaults, the page of the largest job has a few megabytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Partitions, those that failed first and the others evenly spread. Default: 20,000.
    pub partitions: usize,
    /// Attempts in the timeline, those that failed and the longest first. Default: 20,000.
    pub attempts: usize,
    /// Events: warnings and errors first, then the first and the last ones. Default: 2,000.
    pub events: usize,
    /// Points of a line over time. Default: 600.
    pub points: usize,
    /// Rows whose statistics are looked at, in partitions that are evenly spread. Default: 250,000.
    pub rows: u64,
    /// Samples of each operator. Default: 10.
    pub samples: usize,
    /// Characters of a text in a sample; the rest is cut. Default: 2,000.
    pub sample_chars: usize,
    /// Records in quarantine that are looked at. Default: 2,000.
    pub quarantined: usize,
    /// The time for reading statistics, samples and quarantine. Anything not read by then is left out. Default: 10 minutes.
    pub reading: Duration,
}

impl Limits {
    /// Returns the bounds on a report that is made repeatedly while the job runs: it is smaller, and made in a short time.
    #[must_use]
    pub fn live() -> Self {
        Self {
            partitions: 10_000,
            attempts: 5_000,
            events: 1_000,
            rows: 20_000,
            reading: Duration::from_millis(300),
            ..Self::default()
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            partitions: 20_000,
            attempts: 20_000,
            events: 2_000,
            points: 600,
            rows: 250_000,
            samples: 10,
            sample_chars: 2_000,
            quarantined: 2_000,
            reading: Duration::from_secs(600),
        }
    }
}

/// Cuts a text that is longer than this many characters.
pub(super) fn cut(text: &str, chars: usize) -> String {
    match text.char_indices().nth(chars) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

#[cfg(test)]
mod tests {
    use super::cut;

    #[test]
    fn a_text_is_cut_between_characters() {
        assert_eq!(cut("äöü", 3), "äöü");
        assert_eq!(cut("äöü", 2), "äö…");
        assert_eq!(cut("", 0), "");
    }
}
