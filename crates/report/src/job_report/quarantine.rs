//! Records that were set aside, by reason.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};

use coldpress_storage::ObjectRef;
use coldpress_worker::QuarantineEntry;
use serde::Serialize;

use super::Source;
use super::limits::cut;

/// Records that were set aside.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct QuarantineView {
    /// The number of records in quarantine, in the results so far.
    pub total: u64,
    /// The number of records whose entries were looked at.
    pub looked_at: u64,
    /// The reasons, the most frequent first.
    pub reasons: Vec<QuarantineReason>,
    /// Some of them.
    pub samples: Vec<QuarantineSample>,
}

/// Records that were set aside for the same reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct QuarantineReason {
    /// The operator that failed on them; none if they could not be read.
    pub operator: Option<String>,
    /// The error. Numbers are replaced by `#`, so that places in texts do not become reasons of their own.
    pub error: String,
    /// The number of them among the records that were looked at.
    pub count: u64,
}

/// A record that was set aside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct QuarantineSample {
    /// The file that it comes from.
    pub source: String,
    /// Its place there, as `byte 40`.
    pub place: String,
    /// The operator that failed on it; none if it could not be read.
    pub operator: Option<String>,
    /// The error.
    pub error: String,
    /// The record, if it is text.
    pub record: Option<String>,
    /// Its length in bytes.
    pub length: u64,
}

/// The most reasons that are listed, because every record may have its own message.
const MOST_REASONS: usize = 50;
const MOST_SAMPLES: usize = 20;
const MESSAGE_CHARS: usize = 300;

/// The most bytes of a file that are read, because a record may be very long.
const MAX_FILE_BYTES: u64 = 16 << 20;

/// Reads the quarantine files of the results so far, up to the limit.
pub(super) fn quarantine(source: &Source<'_>, remarks: &mut Vec<String>) -> QuarantineView {
    let state = source.state;
    let indices = 0..state.partition_count();
    let results = indices.filter_map(|index| Some(state.farthest_result(index)?.1));
    let mut view = QuarantineView::default();
    let mut reasons: BTreeMap<(Option<String>, String), u64> = BTreeMap::new();
    let mut failure = None;
    for result in results {
        view.total += result.ledger.quarantined();
        for file in &result.quarantine {
            let left = (source.limits.quarantined as u64).saturating_sub(view.looked_at);
            if left == 0 || source.is_late() {
                break;
            }
            if let Err(error) = view.look_at(source, file, left, &mut reasons) {
                failure.get_or_insert(error);
            }
        }
    }
    if let Some(error) = failure {
        remarks.push(format!("a part of the quarantine cannot be read: {error}"));
    }
    let reasons = reasons.into_iter();
    view.reasons = reasons
        .map(|((operator, error), count)| QuarantineReason {
            operator,
            error,
            count,
        })
        .collect();
    view.reasons
        .sort_by_key(|reason| std::cmp::Reverse(reason.count));
    view.reasons.truncate(MOST_REASONS);
    view
}

impl QuarantineView {
    fn look_at(
        &mut self,
        source: &Source<'_>,
        file: &ObjectRef,
        most: u64,
        reasons: &mut BTreeMap<(Option<String>, String), u64>,
    ) -> Result<(), String> {
        let Some(stores) = source.stores else {
            return Ok(());
        };
        let reader = stores.object(file).read();
        let reader = reader.map_err(|error| error.to_string())?;
        let bytes = file.stamp.length.min(MAX_FILE_BYTES);
        for line in BufReader::new(reader.take(bytes))
            .lines()
            .take(most as usize)
        {
            let line = line.map_err(|error| format!("{}: {error}", file.name()))?;
            // The last line is torn if the file is longer than the part that is read.
            let Ok(entry) = serde_json::from_str::<QuarantineEntry>(&line) else {
                continue;
            };
            self.looked_at += 1;
            let key = (entry.operator.clone(), reason(&entry.error));
            *reasons.entry(key).or_default() += 1;
            if self.samples.len() < MOST_SAMPLES {
                self.samples.push(sample(source, entry));
            }
        }
        Ok(())
    }
}

fn sample(source: &Source<'_>, entry: QuarantineEntry) -> QuarantineSample {
    let chars = source.limits.sample_chars;
    QuarantineSample {
        place: source
            .places
            .place(entry.origin.source, entry.origin.position),
        source: entry.path,
        operator: entry.operator,
        error: cut(&entry.error, MESSAGE_CHARS),
        record: entry.record.map(|record| cut(&record, chars)),
        length: entry.length,
    }
}

/// Replaces each number in a message by `#`. It must stand alone: the numbers in `UTF-8` or `\u001F` are parts of words.
fn reason(message: &str) -> String {
    let mut out = String::new();
    let mut letters = message.chars().take(MESSAGE_CHARS).peekable();
    let mut before = ' ';
    while let Some(letter) = letters.next() {
        if letter.is_ascii_digit() && before.is_whitespace() {
            out.push('#');
            // A number may contain thousands separators and a decimal point, but does not end in one.
            let in_number = |next: &char| next.is_ascii_digit() || matches!(next, ',' | '.');
            let mut last = letter;
            while let Some(next) = letters.next_if(in_number) {
                last = next;
            }
            if !last.is_ascii_digit() {
                out.push(last);
            }
            before = '#';
        } else {
            out.push(letter);
            before = letter;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::reason;

    #[test]
    fn places_make_no_reasons_of_their_own() {
        let message = "not valid JSON: EOF while parsing a string at column 21";
        assert_eq!(
            reason(message),
            "not valid JSON: EOF while parsing a string at column #"
        );
        assert_eq!(reason("1.5 and 23"), "# and #");
        assert_eq!(
            reason("not valid UTF-8 at byte 1,930, before (\\u0000-\\u001F)"),
            "not valid UTF-8 at byte #, before (\\u0000-\\u001F)"
        );
    }
}
