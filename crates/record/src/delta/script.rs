//! Encoding edit scripts.

use super::diff;
use crate::edits::Edits;
use crate::varint::put;

/// Writes the script that was applied to `old`, reduced to what it really changes.
pub(super) fn write(edits: &Edits, old: &str, out: &mut Vec<u8>) {
    let mut replacements = Vec::with_capacity(edits.len());
    for (range, inserted) in edits.iter() {
        let first = replacements.len();
        // A script that does not fit is refused before it gets here.
        let replaced = old.get(range.clone()).unwrap_or_default();
        diff::replacements(replaced, inserted, &mut replacements);
        for (found, _) in &mut replacements[first..] {
            *found = found.start + range.start..found.end + range.start;
        }
    }
    let mut end = 0;
    put(replacements.len() as u64, out);
    for (range, inserted) in &replacements {
        put((range.start - end) as u64, out);
        put(range.len() as u64, out);
        put(inserted.len() as u64, out);
        end = range.end;
    }
    for (_, inserted) in &replacements {
        out.extend_from_slice(inserted.as_bytes());
    }
}
