//! The manifest of a checkpoint, which describes its rows.

use coldpress_record::{FieldsSeen, Ledger, Unreadable};
use coldpress_storage::{Digest, ObjectRef};
use coldpress_table::Types;
use serde::{Deserialize, Serialize};

use crate::{Error, Result, Traced};

/// The version of the format that this release writes, and the newest that it reads.
pub const SCHEMA_VERSION: u32 = 1;

/// A description of the rows of a file, cumulative from the partition's start.
///
/// As JSON it has one additional field, `schema_version`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The partition.
    pub partition: u32,
    /// The number of operators that were applied.
    pub operation: u32,
    /// The chain hash of these operators over the partition's input.
    pub chain: String,
    /// The digest of the bytes that the partition was read from.
    pub slice: Digest,
    /// The counts of where all records of the partition went, up to this point.
    pub ledger: Ledger,
    /// The number of records in quarantine before each mark in the partition's slice.
    #[serde(default)]
    pub error_marks: Vec<u64>,
    /// The parts of the slice that could not be read.
    #[serde(default)]
    pub unreadable: Vec<Unreadable>,
    /// The number of rows in the file.
    pub rows: u64,
    /// The quarantine files that belong to these rows.
    #[serde(default)]
    pub quarantine: Vec<ObjectRef>,
    /// The types of the fields of the records that were read.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub seen: FieldsSeen,
    /// The types of the fields of the rows, if the export needs them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub types: Option<Types>,
    /// The records that filters dropped, if they are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dropped: Option<Vec<DroppedRows>>,
    /// The samples that were traced, if records are traced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<Traced>,
}

/// The records that one filter dropped from a partition, as JSON lines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DroppedRows {
    /// The operator's place in the recipe, from 0.
    pub operation: u32,
    /// The file.
    pub file: ObjectRef,
}

fn is_empty(seen: &FieldsSeen) -> bool {
    seen.records == 0
}

#[derive(Serialize)]
struct Versioned<'a> {
    schema_version: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    #[serde(flatten)]
    manifest: &'a Manifest,
}

#[derive(Deserialize)]
struct Version {
    schema_version: u32,
}

impl Manifest {
    pub(crate) fn to_json(&self, name: &str) -> Result<String> {
        self.to_json_of(name, None)
    }

    /// Writes the manifest as JSON, for a file of this kind; files of rows name none.
    pub(crate) fn to_json_of(&self, name: &str, kind: Option<&'static str>) -> Result<String> {
        let versioned = Versioned {
            schema_version: SCHEMA_VERSION,
            kind,
            manifest: self,
        };
        serde_json::to_string(&versioned).map_err(|error| Error::Precondition {
            name: name.to_owned(),
            reason: format!("its manifest is not JSON: {error}"),
        })
    }

    /// Reads the version before anything else, because it is the only part that is the same in all versions.
    pub(crate) fn from_json(name: &str, json: &str) -> Result<Self> {
        check_version(name, json)?;
        serde_json::from_str(json).map_err(|error| unreadable(name, &error))
    }
}

#[derive(Deserialize)]
struct Kind {
    #[serde(default)]
    kind: String,
}

/// Returns the kind that a manifest names; empty for files of rows. A newer version is refused.
pub(crate) fn kind_of(name: &str, json: &str) -> Result<String> {
    check_version(name, json)?;
    let Kind { kind } = serde_json::from_str(json).map_err(|error| unreadable(name, &error))?;
    Ok(kind)
}

/// Refuses a manifest of a newer version, whatever else it contains.
pub(crate) fn check_version(name: &str, json: &str) -> Result<()> {
    let Version { schema_version } =
        serde_json::from_str(json).map_err(|error| unreadable(name, &error))?;
    if schema_version > SCHEMA_VERSION {
        return Err(Error::Newer {
            name: name.to_owned(),
            found: schema_version,
            supported: SCHEMA_VERSION,
        });
    }
    Ok(())
}

pub(crate) fn unreadable(name: &str, error: &serde_json::Error) -> Error {
    Error::corrupt(name, format!("its manifest cannot be read: {error}"))
}

#[cfg(test)]
mod tests {
    use coldpress_storage::FileStamp;

    use super::*;

    fn manifest() -> Manifest {
        let mut ledger = Ledger::new(["a"]);
        ledger.records = 5;
        Manifest {
            partition: 3,
            operation: 1,
            chain: "00ff".into(),
            slice: Digest::of(b"slice"),
            ledger,
            rows: 5,
            error_marks: vec![1, 2],
            unreadable: Vec::new(),
            quarantine: vec![ObjectRef {
                key: "quarantine/x.jsonl".parse().unwrap(),
                stamp: FileStamp::of(b"q"),
            }],
            seen: Default::default(),
            types: None,
            dropped: None,
            trace: None,
        }
    }

    #[test]
    fn a_manifest_is_read_as_it_was_written() {
        let json = manifest().to_json("a").unwrap();
        assert!(
            json.starts_with(r#"{"schema_version":1,"partition":3,"#),
            "{json}"
        );
        assert_eq!(Manifest::from_json("a", &json).unwrap(), manifest());
    }

    #[test]
    fn a_newer_version_is_refused_whatever_else_it_has() {
        let error = Manifest::from_json("a", r#"{"schema_version": 2, "shape": "new"}"#);
        assert_eq!(
            error.unwrap_err().to_string(),
            "`a` has schema version 2, this release reads versions up to 1; use the release that wrote it"
        );
        for json in [
            "",
            "{}",
            "[]",
            r#"{"schema_version": 1}"#,
            r#"{"schema_version": -1}"#,
        ] {
            let error = Manifest::from_json("a", json).unwrap_err();
            assert!(matches!(error, Error::Corrupt { .. }), "{json}: {error}");
        }
    }
}
