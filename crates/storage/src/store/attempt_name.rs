//! Names of the files that attempts and the planner make.

use std::fmt;
use std::str::FromStr;

use super::name::ObjectName;
use crate::Result;

/// So that a name stays far below what file systems allow, whatever an operator is called.
const MAX_OPERATOR_CHARS: usize = 120;

/// The name of a file that an attempt made: whose it is can be told from it, and no other attempt gives the same.
///
/// ```
/// use coldpress_storage::AttemptName;
///
/// let name = AttemptName::new(3, 1, 2).suffix(".jsonl.gz");
/// assert_eq!(name.to_string(), "partition_000003.e1.a2.jsonl.gz");
/// assert_eq!("partition_000003.e1.a2.jsonl.gz".parse(), Ok(name));
/// let name = AttemptName::new(3, 1, 2).of_operator(2, "clean_links_mapper").suffix(".parquet");
/// assert_eq!(name.to_string(), "partition_000003_op_002_clean_links_mapper.e1.a2.parquet");
/// let name = AttemptName::new(3, 1, 2).in_stage(1).suffix(".jsonl");
/// assert_eq!(name.to_string(), "stage_1_partition_000003.e1.a2.jsonl");
/// let name = AttemptName::planned(3, 1).suffix(".jsonl");
/// assert_eq!(name.to_string(), "partition_000003.e1.jsonl");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AttemptName {
    stage: u32,
    partition: u32,
    label: String,
    epoch: u64,
    attempt: Option<u32>,
    suffix: String,
}

impl AttemptName {
    /// The name of a file of this attempt at a partition, under the driver of this epoch.
    #[must_use]
    pub fn new(partition: u32, epoch: u64, attempt: u32) -> Self {
        Self {
            attempt: Some(attempt),
            ..Self::planned(partition, epoch)
        }
    }

    /// The name of a file that the planner of this epoch made, before any attempt.
    #[must_use]
    pub fn planned(partition: u32, epoch: u64) -> Self {
        Self {
            stage: 0,
            partition,
            label: String::new(),
            epoch,
            attempt: None,
            suffix: String::new(),
        }
    }

    /// The same in another stage; names of stage 0 do not mention it.
    #[must_use]
    pub fn in_stage(mut self, stage: u32) -> Self {
        self.stage = stage;
        self
    }

    /// Says what the file is of: a word, in which characters that no object name may have become `_`.
    #[must_use]
    pub fn labelled(mut self, label: &str) -> Self {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        let plain = |c| if allowed(c) { c } else { '_' };
        self.label = label.chars().map(plain).collect();
        self
    }

    /// Says which operator the file is of, by a number and its name.
    #[must_use]
    pub fn of_operator(self, number: u32, operator: &str) -> Self {
        let operator: String = operator.chars().take(MAX_OPERATOR_CHARS).collect();
        self.labelled(&format!("op_{number:03}_{operator}"))
    }

    /// Sets what the name ends in, from its `.` on.
    #[must_use]
    pub fn suffix(mut self, suffix: &str) -> Self {
        self.suffix = suffix.to_owned();
        self
    }

    /// What the file is of; empty of the rows of a result and what belongs to them.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }

    /// The stage.
    #[must_use]
    pub fn stage(&self) -> u32 {
        self.stage
    }

    /// The partition.
    #[must_use]
    pub fn partition(&self) -> u32 {
        self.partition
    }

    /// The epoch of the driver that gave the attempt out, or planned.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// The number of the attempt; none of a file that the planner made.
    #[must_use]
    pub fn attempt(&self) -> Option<u32> {
        self.attempt
    }

    /// The name in a store.
    ///
    /// # Errors
    /// [`Error::InvalidName`](crate::Error::InvalidName) when the suffix has characters that no object name may have.
    pub fn object(&self) -> Result<ObjectName> {
        ObjectName::new(self.to_string())
    }
}

impl fmt::Display for AttemptName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.stage > 0 {
            write!(f, "stage_{}_", self.stage)?;
        }
        write!(f, "partition_{:06}", self.partition)?;
        if !self.label.is_empty() {
            write!(f, "_{}", self.label)?;
        }
        write!(f, ".e{}", self.epoch)?;
        if let Some(attempt) = self.attempt {
            write!(f, ".a{attempt}")?;
        }
        f.write_str(&self.suffix)
    }
}

impl FromStr for AttemptName {
    type Err = NotOfAttempt;

    /// Takes exactly the texts that [`Display`](fmt::Display) gives.
    fn from_str(text: &str) -> Result<Self, NotOfAttempt> {
        parse(text)
            .filter(|name| name.to_string() == text)
            .ok_or(NotOfAttempt)
    }
}

/// The name of a file that no attempt and no planner made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is not the name of an attempt's file")]
pub struct NotOfAttempt;

fn parse(text: &str) -> Option<AttemptName> {
    let (stage, rest) = match text.strip_prefix("stage_") {
        Some(rest) => number(rest).and_then(|(stage, rest)| Some((stage, rest.strip_prefix('_')?))),
        None => Some((0, text)),
    }?;
    let (partition, rest) = number(rest.strip_prefix("partition_")?)?;
    let (label, rest) = rest.split_at(rest.find('.')?);
    let (epoch, rest) = number(rest.strip_prefix(".e")?)?;
    let attempt = rest.strip_prefix(".a").and_then(number);
    let (attempt, suffix) = attempt.map_or((None, rest), |(number, rest)| (Some(number), rest));
    let is_whole = suffix.is_empty() || suffix.starts_with('.');
    is_whole.then(|| AttemptName {
        stage,
        partition,
        label: label.strip_prefix('_').unwrap_or_default().to_owned(),
        epoch,
        attempt,
        suffix: suffix.to_owned(),
    })
}

/// The number that a text begins with, and the rest.
fn number<N: FromStr>(text: &str) -> Option<(N, &str)> {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    Some((digits.parse().ok()?, rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_tell_whose_they_are() {
        for (text, expected) in [
            ("partition_000003.e1.a2.jsonl.gz", Some((0, 3, 1, Some(2)))),
            (
                "partition_000003.e1.a2.index.parquet",
                Some((0, 3, 1, Some(2))),
            ),
            (
                "partition_000003.e1.a2.dropped.op003.jsonl",
                Some((0, 3, 1, Some(2))),
            ),
            (
                "partition_000003_op_002_clean_links_mapper.e10.a1.parquet",
                Some((0, 3, 10, Some(1))),
            ),
            (
                "partition_000003_deltas.e2.a1.parquet",
                Some((0, 3, 2, Some(1))),
            ),
            (
                "partition_1234567.e1.a2.jsonl",
                Some((0, 1_234_567, 1, Some(2))),
            ),
            (
                "stage_12_partition_000003.e1.a2.jsonl",
                Some((12, 3, 1, Some(2))),
            ),
            ("partition_000003.e12.jsonl", Some((0, 3, 12, None))),
            ("partition_000003_op_002.e1.jsonl", Some((0, 3, 1, None))),
            ("partition_3.e1.a2.jsonl", None),
            ("stage_0_partition_000003.e1.a2.jsonl", None),
            ("partition_000003.e01.a2.jsonl", None),
            ("partition_000003.e1.a2x", None),
            ("partition_000003.jsonl", None),
            ("partition_é00003.e1.jsonl", None),
            ("partition_000003.e99999999999999999999.jsonl", None),
            ("checkpoint_1795250906.json", None),
            ("theirs.e5.jsonl", None),
            ("notes.txt", None),
        ] {
            let name = text.parse::<AttemptName>().ok();
            let told = name.map(|name| (name.stage, name.partition, name.epoch, name.attempt));
            assert_eq!(told, expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_name_is_good_and_comes_back(
            stage in any::<u32>(), partition in any::<u32>(), epoch in any::<u64>(), attempt in any::<Option<u32>>(),
            number in any::<u32>(), operator in any::<Option<String>>(),
        ) {
            let mut name = match attempt {
                Some(attempt) => AttemptName::new(partition, epoch, attempt),
                None => AttemptName::planned(partition, epoch),
            };
            if let Some(operator) = operator {
                name = name.of_operator(number, &operator);
            }
            let name = name.in_stage(stage).suffix(".jsonl");
            prop_assert!(name.object().is_ok());
            prop_assert_eq!(name.to_string().parse(), Ok(name));
        }
    }
}
