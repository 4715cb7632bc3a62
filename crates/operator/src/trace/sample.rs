//! The sample of one operator.

use std::collections::BTreeMap;

use coldpress_record::{DeclaredFields, Origin, escape_into};

use super::TraceSettings;
use super::excerpt::{Excerpt, RecordExcerpt};

/// The records with the least ranks among those that an operator changed or dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    seed: u64,
    most: usize,
    pub(crate) shown_bytes: usize,
    /// The fields that are shown in addition to the texts.
    pub(crate) keys: DeclaredFields,
    shown: BTreeMap<(u64, Origin), Shown>,
}

impl Sample {
    pub(super) fn new(settings: &TraceSettings, operation: u32, keys: DeclaredFields) -> Self {
        Self {
            seed: settings.seed_of(operation),
            most: settings.most as usize,
            shown_bytes: settings.shown_bytes(),
            keys,
            shown: BTreeMap::new(),
        }
    }

    /// Returns the rank of a record, if it may be in the sample.
    pub(crate) fn rank(&self, origin: &Origin) -> Option<u64> {
        Some(origin.mix(self.seed)).filter(|rank| self.may_take(*rank))
    }

    /// Returns the rank of a child that a splitter made of a record, if it may be in the sample.
    pub(crate) fn rank_of_child(&self, parent: &Origin, index: u32) -> Option<u64> {
        Some(parent.mix_of_child(index, self.seed)).filter(|rank| self.may_take(*rank))
    }

    /// Returns whether a record with this rank may be taken. If several have the same rank, the first one of the dataset stays.
    fn may_take(&self, rank: u64) -> bool {
        let last = self.shown.last_key_value();
        self.shown.len() < self.most || last.is_some_and(|((last, _), _)| rank <= *last)
    }

    /// Takes a record with this rank into the sample.
    pub(crate) fn take(&mut self, rank: u64, origin: Origin, shown: Shown) {
        self.shown.insert((rank, origin), shown);
        if self.shown.len() > self.most {
            self.shown.pop_last();
        }
    }

    /// Returns the records of the sample, the least rank first.
    pub fn into_traced(self) -> impl Iterator<Item = Traced> {
        let each = self.shown.into_iter();
        each.map(|((rank, origin), shown)| Traced {
            rank,
            origin,
            shown,
        })
    }
}

/// A record of a sample.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Traced {
    /// The rank, which decides whether it stays in the sample.
    pub rank: u64,
    /// The origin of the record.
    pub origin: Origin,
    /// The excerpt.
    pub shown: Shown,
}

/// The excerpt of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// A record before and after a mapper.
    Changed {
        /// The fields that the recipe wants to show, as they were before.
        keys: Vec<(String, Excerpt)>,
        /// The text before.
        original: Excerpt,
        /// The text after.
        processed: Excerpt,
    },
    /// A record that a filter dropped.
    Dropped {
        /// The record.
        record: RecordExcerpt,
        /// The statistics that decided, with their values as JSON.
        stats: Vec<(String, String)>,
    },
    /// Two records, one of which goes because the other stays.
    Pair {
        /// The one that stays.
        kept: RecordExcerpt,
        /// The one that goes.
        removed: RecordExcerpt,
    },
}

impl Shown {
    /// Appends the record as Data-Juicer shows it: a JSON object.
    pub fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Dropped { record, .. } => out.extend_from_slice(record.json.as_bytes()),
            Self::Pair { kept, removed } => {
                out.push(b'{');
                write_name("dup1", out);
                out.extend_from_slice(kept.json.as_bytes());
                out.extend_from_slice(b", ");
                write_name("dup2", out);
                out.extend_from_slice(removed.json.as_bytes());
                out.push(b'}');
            }
            Self::Changed {
                keys,
                original,
                processed,
            } => {
                out.push(b'{');
                for (name, value) in keys {
                    write_name(name, out);
                    value.write(out);
                    out.extend_from_slice(b", ");
                }
                write_name("original_text", out);
                original.write(out);
                out.extend_from_slice(b", ");
                write_name("processed_text", out);
                processed.write(out);
                out.push(b'}');
            }
        }
    }

    /// Appends further facts as members of a JSON object: the statistics that decided, and the parts that are not shown whole.
    pub fn write_notes(&self, out: &mut Vec<u8>) {
        let begin = out.len();
        let (stats, cut) = match self {
            Self::Dropped { record, stats } => (stats.as_slice(), record.cut.clone()),
            Self::Pair { kept, removed } => {
                let both = [("dup1", kept), ("dup2", removed)];
                let cut = both.into_iter().flat_map(|(which, record)| {
                    let cut = record.cut.iter();
                    cut.map(move |(name, bytes)| (format!("{which}.{name}"), *bytes))
                });
                (&[][..], cut.collect())
            }
            Self::Changed {
                keys,
                original,
                processed,
            } => {
                let keys = keys.iter().map(|(name, value)| (name.as_str(), value));
                let texts = [("original_text", original), ("processed_text", processed)];
                let cut = keys
                    .chain(texts)
                    .filter_map(|(name, value)| value.cut().map(|bytes| (name.to_owned(), bytes)));
                (&[][..], cut.collect::<Vec<_>>())
            }
        };
        if !stats.is_empty() {
            let stats = stats
                .iter()
                .map(|(name, json)| (name.as_str(), json.as_str()));
            write_object("stats", stats, out);
        }
        if !cut.is_empty() {
            if out.len() > begin {
                out.extend_from_slice(b", ");
            }
            let numbers: Vec<(&str, String)> = cut
                .iter()
                .map(|(name, bytes)| (name.as_str(), bytes.to_string()))
                .collect();
            let numbers = numbers
                .iter()
                .map(|(name, number)| (*name, number.as_str()));
            write_object("cut", numbers, out);
        }
    }
}

fn write_object<'v>(
    name: &str,
    members: impl Iterator<Item = (&'v str, &'v str)>,
    out: &mut Vec<u8>,
) {
    write_name(name, out);
    out.push(b'{');
    for (at, (name, json)) in members.enumerate() {
        if at > 0 {
            out.extend_from_slice(b", ");
        }
        write_name(name, out);
        out.extend_from_slice(json.as_bytes());
    }
    out.push(b'}');
}

fn write_name(name: &str, out: &mut Vec<u8>) {
    escape_into(name, out);
    out.extend_from_slice(b": ");
}
