//! The manifest of a delta file.

use coldpress_record::{FieldsSeen, Ledger, Unreadable};
use coldpress_storage::{Digest, ObjectRef};
use coldpress_table::Types;
use serde::{Deserialize, Serialize};

use crate::manifest::{SCHEMA_VERSION, kind_of, unreadable};
use crate::{DroppedRows, Error, Manifest, Result, Traced};

const KIND: &str = "delta";

/// The point where the first section of a delta file begins.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeltaBase {
    /// The number of operators that had been applied; 0 for the partition's input.
    pub operation: u32,
    /// The chain hash at that point.
    pub chain: String,
    /// The checkpoint files that lead there from the input, in order; none for the input itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<ObjectRef>,
}

/// A description of the rows after one section, and of the section.
#[derive(Clone, Debug, PartialEq)]
pub struct SectionManifest {
    /// The manifest of the rows, cumulative from the partition's start.
    pub manifest: Manifest,
    /// The number of parts in the section.
    pub parts: u32,
    /// The bytes of the parts before compression.
    pub bytes: u64,
    /// The digest of all parts in order.
    pub digest: Digest,
}

/// The content of a delta file's manifest.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct DeltaManifest {
    pub(super) base: DeltaBase,
    /// The names of the declared fields, which parts refer to by number.
    pub(super) fields: Vec<String>,
    /// The names of the statistics, which parts refer to by number.
    pub(super) stats: Vec<String>,
    /// The section of each group.
    pub(super) groups: Vec<u32>,
    /// The manifest of the whole attempt.
    pub(super) attempt: Manifest,
    pub(super) sections: Vec<SectionManifest>,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    schema_version: u32,
    kind: String,
    base: DeltaBase,
    fields: Vec<String>,
    stats: Vec<String>,
    groups: Vec<u32>,
    attempt: Manifest,
    sections: Vec<StoredSection>,
}

/// A section, without what the attempt's manifest also has.
#[derive(Serialize, Deserialize)]
struct StoredSection {
    operation: u32,
    chain: String,
    rows: u64,
    parts: u32,
    bytes: u64,
    digest: Digest,
    /// Absent if it is that of the attempt, up to the section's operator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ledger: Option<Ledger>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    error_marks: Vec<u64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    unreadable: Vec<Unreadable>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    quarantine: Vec<ObjectRef>,
    /// Absent if it is that of the attempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seen: Option<FieldsSeen>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    types: Option<Types>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    dropped: Option<Vec<DroppedRows>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    trace: Option<Traced>,
}

/// Returns whether this is the manifest of a delta file. A newer version is refused.
pub(crate) fn is_delta(name: &str, json: &str) -> Result<bool> {
    Ok(kind_of(name, json)? == KIND)
}

impl DeltaManifest {
    pub(super) fn to_json(&self, name: &str) -> Result<String> {
        let stored = Stored {
            schema_version: SCHEMA_VERSION,
            kind: KIND.to_owned(),
            base: self.base.clone(),
            fields: self.fields.clone(),
            stats: self.stats.clone(),
            groups: self.groups.clone(),
            attempt: self.attempt.clone(),
            sections: self
                .sections
                .iter()
                .map(|section| section.store(&self.attempt))
                .collect(),
        };
        serde_json::to_string(&stored).map_err(|error| Error::Precondition {
            name: name.to_owned(),
            reason: format!("its manifest is not JSON: {error}"),
        })
    }

    pub(super) fn from_json(name: &str, json: &str) -> Result<Self> {
        if !is_delta(name, json)? {
            return Err(Error::corrupt(name, "it is not a delta file"));
        }
        let stored: Stored =
            serde_json::from_str(json).map_err(|error| unreadable(name, &error))?;
        let attempt = stored.attempt;
        let sections = stored
            .sections
            .into_iter()
            .map(|section| section.restore(&attempt));
        Ok(Self {
            sections: sections.collect(),
            base: stored.base,
            fields: stored.fields,
            stats: stored.stats,
            groups: stored.groups,
            attempt,
        })
    }
}

impl SectionManifest {
    fn store(&self, attempt: &Manifest) -> StoredSection {
        let manifest = self.manifest.clone();
        let own_ledger = manifest.ledger != ledger_until(attempt, manifest.operation);
        StoredSection {
            operation: manifest.operation,
            chain: manifest.chain,
            rows: manifest.rows,
            parts: self.parts,
            bytes: self.bytes,
            digest: self.digest,
            ledger: own_ledger.then_some(manifest.ledger),
            error_marks: manifest.error_marks,
            unreadable: manifest.unreadable,
            quarantine: manifest.quarantine,
            seen: (manifest.seen != attempt.seen).then_some(manifest.seen),
            types: manifest.types,
            dropped: manifest.dropped,
            trace: manifest.trace,
        }
    }
}

impl StoredSection {
    fn restore(self, attempt: &Manifest) -> SectionManifest {
        let ledger = self
            .ledger
            .unwrap_or_else(|| ledger_until(attempt, self.operation));
        SectionManifest {
            parts: self.parts,
            bytes: self.bytes,
            digest: self.digest,
            manifest: Manifest {
                partition: attempt.partition,
                operation: self.operation,
                chain: self.chain,
                slice: attempt.slice,
                ledger,
                error_marks: self.error_marks,
                unreadable: self.unreadable,
                rows: self.rows,
                quarantine: self.quarantine,
                seen: self.seen.unwrap_or_else(|| attempt.seen.clone()),
                types: self.types,
                dropped: self.dropped,
                trace: self.trace,
            },
        }
    }
}

/// Returns the attempt's ledger up to an operator.
fn ledger_until(attempt: &Manifest, operation: u32) -> Ledger {
    let operators = attempt.ledger.operators.iter().take(operation as usize);
    Ledger {
        records: attempt.ledger.records,
        rejected: attempt.ledger.rejected,
        without_text: attempt.ledger.without_text,
        not_sampled: attempt.ledger.not_sampled,
        rejected_bytes: attempt.ledger.rejected_bytes,
        too_long: attempt.ledger.too_long,
        operators: operators.cloned().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(operation: u32, records: u64) -> Manifest {
        let names = ["a", "b", "c"];
        let mut ledger = Ledger::new(names.into_iter().take(operation as usize));
        ledger.records = records;
        let mut seen = FieldsSeen::default();
        seen.records = records;
        Manifest {
            partition: 3,
            operation,
            chain: format!("chain {operation}"),
            slice: Digest::of(b"slice"),
            ledger,
            error_marks: vec![0, 1],
            unreadable: Vec::new(),
            rows: 7,
            quarantine: Vec::new(),
            seen,
            types: None,
            dropped: Some(Vec::new()),
            trace: None,
        }
    }

    fn section(manifest: Manifest) -> SectionManifest {
        SectionManifest {
            manifest,
            parts: 2,
            bytes: 9,
            digest: Digest::of(b"parts"),
        }
    }

    fn delta() -> DeltaManifest {
        DeltaManifest {
            base: DeltaBase::default(),
            fields: vec!["text".into()],
            stats: Vec::new(),
            groups: vec![0, 1],
            attempt: manifest(3, 10),
            // The second differs from the attempt.
            sections: vec![section(manifest(1, 10)), section(manifest(2, 11))],
        }
    }

    #[test]
    fn a_manifest_comes_back_and_says_nothing_twice() {
        let json = delta().to_json("x").unwrap();
        assert_eq!(DeltaManifest::from_json("x", &json).unwrap(), delta());
        assert_eq!(json.matches("\"seen\"").count(), 2, "{json}");
        assert_eq!(json.matches("\"ledger\"").count(), 2, "{json}");
    }

    #[test]
    fn other_kinds_and_newer_versions_are_refused() {
        let json = delta().to_json("x").unwrap();
        let newer = json.replace("\"schema_version\":1", "\"schema_version\":2");
        assert!(matches!(
            DeltaManifest::from_json("x", &newer),
            Err(Error::Newer { found: 2, .. })
        ));
        let rows = manifest(1, 1).to_json("x").unwrap();
        let error = DeltaManifest::from_json("x", &rows).unwrap_err();
        assert_eq!(error.to_string(), "`x` is damaged: it is not a delta file");
    }
}
