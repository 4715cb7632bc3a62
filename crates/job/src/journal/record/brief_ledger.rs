//! The ledger of a result, as stored in the journal.
//!
//! A job has as many ledgers as results, and the recipe in force names the operators. The counts of an operator are therefore a
//! list without its name, in the order of [`COUNTS`] and up to the last that is not zero. Ledgers with names, as earlier releases
//! wrote them, can be read too.

use std::fmt;
use std::sync::Arc;

use coldpress_record::{Ledger, OperatorLedger};
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, IgnoredAny, MapAccess, SeqAccess};
use serde::ser::SerializeSeq;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::zero::is_zero;

/// The number of counts of an operator.
const COUNTS: usize = 8;

/// Returns the counts in the order of the list. Those that are zero most often come last.
fn counts(of: &OperatorLedger) -> [u64; COUNTS] {
    [
        of.records_in,
        of.out,
        of.dropped,
        of.quarantined,
        of.made,
        of.absorbed,
        of.moved_in,
        of.moved_out,
    ]
}

fn of_counts(counts: [u64; COUNTS]) -> OperatorLedger {
    let [
        records_in,
        out,
        dropped,
        quarantined,
        made,
        absorbed,
        moved_in,
        moved_out,
    ] = counts;
    OperatorLedger {
        records_in,
        out,
        dropped,
        quarantined,
        made,
        absorbed,
        moved_in,
        moved_out,
        ..OperatorLedger::default()
    }
}

#[derive(Serialize)]
struct Written<'a> {
    records: u64,
    #[serde(skip_serializing_if = "is_zero")]
    rejected: u64,
    #[serde(skip_serializing_if = "is_zero")]
    without_text: u64,
    #[serde(skip_serializing_if = "is_zero")]
    not_sampled: u64,
    #[serde(skip_serializing_if = "is_zero")]
    rejected_bytes: u64,
    #[serde(skip_serializing_if = "is_zero")]
    too_long: u64,
    operators: Operators<'a>,
}

struct Operators<'a>(&'a [OperatorLedger]);

impl Serialize for Operators<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(Operator))
    }
}

struct Operator<'a>(&'a OperatorLedger);

impl Serialize for Operator<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !self.0.name.is_empty() {
            return self.0.serialize(serializer);
        }
        let counts = counts(self.0);
        let length = counts.iter().rposition(|count| *count > 0);
        let length = length.map_or(0, |last| last + 1);
        let mut list = serializer.serialize_seq(Some(length))?;
        for count in &counts[..length] {
            list.serialize_element(count)?;
        }
        list.end()
    }
}

#[derive(Deserialize)]
struct Read {
    records: u64,
    #[serde(default)]
    rejected: u64,
    #[serde(default)]
    without_text: u64,
    #[serde(default)]
    not_sampled: u64,
    #[serde(default)]
    rejected_bytes: u64,
    #[serde(default)]
    too_long: u64,
    operators: Vec<ReadOperator>,
}

struct ReadOperator(OperatorLedger);

impl<'de> Deserialize<'de> for ReadOperator {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EitherForm;

        impl<'de> de::Visitor<'de> for EitherForm {
            type Value = OperatorLedger;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the counts of an operator")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<OperatorLedger, A::Error> {
                OperatorLedger::deserialize(MapAccessDeserializer::new(map))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<OperatorLedger, A::Error> {
                let mut counts = [0; COUNTS];
                for count in &mut counts {
                    match list.next_element()? {
                        Some(found) => *count = found,
                        None => return Ok(of_counts(counts)),
                    }
                }
                match list.next_element::<IgnoredAny>()? {
                    None => Ok(of_counts(counts)),
                    Some(_) => Err(de::Error::invalid_length(COUNTS + 1, &self)),
                }
            }
        }

        deserializer.deserialize_any(EitherForm).map(Self)
    }
}

pub(super) fn serialize<S: Serializer>(ledger: &Ledger, serializer: S) -> Result<S::Ok, S::Error> {
    // The struct is destructured so that a new count cannot be forgotten.
    let Ledger {
        records,
        rejected,
        without_text,
        not_sampled,
        rejected_bytes,
        too_long,
        operators,
    } = ledger;
    let written = Written {
        records: *records,
        rejected: *rejected,
        without_text: *without_text,
        not_sampled: *not_sampled,
        rejected_bytes: *rejected_bytes,
        too_long: *too_long,
        operators: Operators(operators),
    };
    written.serialize(serializer)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Arc<Ledger>, D::Error> {
    let read = Read::deserialize(deserializer)?;
    let operators = read.operators.into_iter().map(|ReadOperator(one)| one);
    Ok(Arc::new(Ledger {
        records: read.records,
        rejected: read.rejected,
        without_text: read.without_text,
        not_sampled: read.not_sampled,
        rejected_bytes: read.rejected_bytes,
        too_long: read.too_long,
        operators: operators.collect(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    struct Holder {
        #[serde(with = "super")]
        ledger: Arc<Ledger>,
    }

    #[track_caller]
    fn check(operators: Vec<OperatorLedger>, rejected: u64, written: &str) {
        let ledger = Arc::new(Ledger {
            records: 7,
            rejected,
            operators,
            ..Ledger::default()
        });
        let holder = Holder { ledger };
        assert_eq!(serde_json::to_string(&holder).unwrap(), written);
        assert_eq!(serde_json::from_str::<Holder>(written).unwrap(), holder);
    }

    #[test]
    fn counts_without_a_name_are_a_list() {
        let all = OperatorLedger {
            name: "".into(),
            records_in: 1,
            out: 2,
            dropped: 3,
            quarantined: 4,
            made: 5,
            absorbed: 6,
            moved_in: 7,
            moved_out: 8,
        };
        let kept = OperatorLedger {
            records_in: 7,
            out: 7,
            ..OperatorLedger::default()
        };
        let none = OperatorLedger::default();
        check(
            vec![all.clone(), kept, none],
            1,
            r#"{"ledger":{"records":7,"rejected":1,"operators":[[1,2,3,4,5,6,7,8],[7,7],[]]}}"#,
        );
        let named = OperatorLedger {
            name: "a".into(),
            moved_in: 0,
            moved_out: 0,
            ..all
        };
        check(
            vec![named],
            0,
            r#"{"ledger":{"records":7,"operators":[{"name":"a","records_in":1,"made":5,"out":2,"dropped":3,"quarantined":4,"absorbed":6}]}}"#,
        );
    }

    #[test]
    fn what_is_no_ledger_is_refused() {
        for operators in ["[[1,2,3,4,5,6,7,8,9]]", "[[-1]]", "[7]", "[{}]"] {
            let written = format!(r#"{{"ledger":{{"records":1,"operators":{operators}}}}}"#);
            assert!(
                serde_json::from_str::<Holder>(&written).is_err(),
                "{operators}"
            );
        }
    }
}
