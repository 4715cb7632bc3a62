//! Which of the checkpoints that exist may be used.

use std::cmp::Reverse;

use coldpress_storage::FileStamp;

use crate::ObjectName;

/// A checkpoint of one partition that the journal cites.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// How many operators had been applied.
    pub operation: u32,
    /// The chain hash of those operators over the partition's input.
    pub chain: String,
    /// What the file must be.
    pub stamp: FileStamp,
    /// Where it lies.
    pub name: ObjectName,
}

/// The candidates that a chain of operators can go on from, the best first.
///
/// `candidates` are those of one partition in journal order. `wanted[n]` is the chain hash after `n` operators, so
/// `wanted[0]` is that of the input. A candidate is usable when its hash is the wanted one of its operation; the
/// one with the most operators is best, among equals the one that was published last. What cannot be verified
/// when it is opened is left for the next in the list, and at last for the input.
#[must_use]
pub fn usable<'a>(candidates: &'a [Candidate], wanted: &[impl AsRef<str>]) -> Vec<&'a Candidate> {
    let fits = |candidate: &&Candidate| {
        let hash = usize::try_from(candidate.operation)
            .ok()
            .and_then(|operation| wanted.get(operation));
        hash.is_some_and(|hash| hash.as_ref() == candidate.chain)
    };
    let mut usable: Vec<&Candidate> = candidates.iter().rev().filter(fits).collect();
    // Stable, so that the newest stays first among equals.
    usable.sort_by_key(|candidate| Reverse(candidate.operation));
    usable
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(operation: u32, attempt: u32) -> ObjectName {
        crate::checkpoint_name(
            0,
            operation,
            "x",
            1,
            attempt,
            crate::Format::Parquet,
            crate::Compression::Zstd,
        )
    }

    fn candidate(operation: u32, chain: &str, attempt: u32) -> Candidate {
        Candidate {
            operation,
            chain: chain.into(),
            stamp: FileStamp::of(b""),
            name: name(operation, attempt),
        }
    }

    #[track_caller]
    fn check(wanted: &[&str], expected: &[(u32, u32)]) {
        let candidates = [
            candidate(1, "one", 1),
            candidate(3, "three", 1),
            candidate(2, "two", 1),
            candidate(3, "another three", 2),
            candidate(1, "one", 3),
        ];
        let expected: Vec<_> = expected
            .iter()
            .map(|(operation, attempt)| name(*operation, *attempt))
            .collect();
        let found: Vec<_> = usable(&candidates, wanted)
            .iter()
            .map(|candidate| candidate.name.clone())
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn only_the_unchanged_prefix_is_used_and_the_farthest_first() {
        check(
            &["input", "one", "two", "three"],
            &[(3, 1), (2, 1), (1, 3), (1, 1)],
        );
        check(
            &["input", "one", "two", "changed"],
            &[(2, 1), (1, 3), (1, 1)],
        );
        check(&["input", "one"], &[(1, 3), (1, 1)]);
        check(&["input", "two"], &[]);
        check(&[], &[]);
    }
}
