//! How a file of an attempt is cited: by its place, its name there, its length and its digest.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::name::ObjectName;
use crate::{Digest, Error, FileStamp, Result};

/// What a file of a job is, which decides which store holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// Rows that came out, their indexes, and what filters dropped.
    Results,
    /// Rows on their way, or what changed of them.
    Checkpoints,
    /// Copies of slices of the input.
    Partitions,
    /// Records that could not be processed.
    Quarantine,
    /// Rows after each operator, for people.
    Intermediate,
    /// What a barrier must know of each row.
    Signatures,
}

impl Place {
    /// Every place.
    pub const ALL: [Self; 6] = [
        Self::Results,
        Self::Checkpoints,
        Self::Partitions,
        Self::Quarantine,
        Self::Intermediate,
        Self::Signatures,
    ];

    /// The name, which is also that of the folder in a job's own folder.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Results => "results",
            Self::Checkpoints => "checkpoints",
            Self::Partitions => "partitions",
            Self::Quarantine => "quarantine",
            Self::Intermediate => "intermediate",
            Self::Signatures => "signatures",
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Which file of a job: its place and its name there.
///
/// As text it is `results/partition_000003.e1.a2.jsonl`. Older journals have paths in its stead, which are read too: the
/// bare name of a checkpoint, and the path of a copied slice in a folder elsewhere.
///
/// ```
/// use coldpress_storage::{ObjectKey, Place};
///
/// let key: ObjectKey = "results/partition_000003.e1.a2.jsonl".parse()?;
/// assert_eq!((key.place, key.name.as_str()), (Place::Results, "partition_000003.e1.a2.jsonl"));
/// assert_eq!("partition_000003_deltas.e1.a2.parquet".parse::<ObjectKey>()?.place, Place::Checkpoints);
/// assert_eq!("/data/partitions/job/partition_000003.e1.jsonl".parse::<ObjectKey>()?.place, Place::Partitions);
/// # Ok::<(), coldpress_storage::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectKey {
    /// The place.
    pub place: Place,
    /// The name in the store of that place.
    pub name: ObjectName,
}

impl ObjectKey {
    /// The file of this name in this place.
    #[must_use]
    pub fn new(place: Place, name: ObjectName) -> Self {
        Self { place, name }
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.place, self.name)
    }
}

impl FromStr for ObjectKey {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let (place, name) = match text.split_once('/') {
            // Before places had names, a checkpoint was cited by its name alone.
            None => (Place::Checkpoints, text),
            Some((first, name)) => match Place::ALL.into_iter().find(|one| one.as_str() == first) {
                Some(place) => (place, name),
                // Only copies of slices could lie in folders of other names, or elsewhere. A path that climbs led out of
                // the job's folders.
                None if text.split('/').any(|part| part == "..") => (Place::Partitions, text),
                None => (Place::Partitions, text.rsplit('/').next().unwrap_or(text)),
            },
        };
        Ok(Self::new(place, ObjectName::new(name)?))
    }
}

impl Serialize for ObjectKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ObjectKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A citation of an immutable file of a job.
///
/// ```
/// use coldpress_storage::{FileStamp, ObjectName, ObjectRef, Place};
///
/// let name = ObjectName::new("partition_000003.e1.a2.jsonl")?;
/// let cited = ObjectRef::new(Place::Results, name, FileStamp::of(b""));
/// let json = r#"{"place":"results","name":"partition_000003.e1.a2.jsonl","length":0,"digest":"99aa06d3014798d86001c324468d497f"}"#;
/// assert_eq!(serde_json::to_string(&cited).unwrap(), json);
/// assert_eq!(serde_json::from_str::<ObjectRef>(json).unwrap(), cited);
/// let older = r#"{"path":"results/partition_000003.e1.a2.jsonl","length":0,"digest":"99aa06d3014798d86001c324468d497f"}"#;
/// assert_eq!(serde_json::from_str::<ObjectRef>(older).unwrap(), cited);
/// # Ok::<(), coldpress_storage::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ObjectRef {
    /// Which file.
    pub key: ObjectKey,
    /// What its bytes are.
    pub stamp: FileStamp,
}

impl ObjectRef {
    /// A citation of the file of this name in this place, with this stamp.
    #[must_use]
    pub fn new(place: Place, name: ObjectName, stamp: FileStamp) -> Self {
        Self {
            key: ObjectKey::new(place, name),
            stamp,
        }
    }

    /// The place.
    #[must_use]
    pub fn place(&self) -> Place {
        self.key.place
    }

    /// The name in the store of that place.
    #[must_use]
    pub fn name(&self) -> &ObjectName {
        &self.key.name
    }

    /// The number of bytes.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.stamp.length
    }
}

impl fmt::Display for ObjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.key.fmt(f)
    }
}

#[derive(Serialize)]
struct Written<'a> {
    place: Place,
    name: &'a ObjectName,
    length: u64,
    digest: Digest,
}

impl Serialize for ObjectRef {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Written {
            place: self.place(),
            name: self.name(),
            length: self.stamp.length,
            digest: self.stamp.digest,
        }
        .serialize(serializer)
    }
}

/// Either form: a place and a name, or the path of an older release.
#[derive(Deserialize)]
struct Read {
    #[serde(default)]
    place: Option<Place>,
    #[serde(default)]
    name: Option<ObjectName>,
    #[serde(default)]
    path: Option<ObjectKey>,
    length: u64,
    digest: Digest,
}

impl<'de> Deserialize<'de> for ObjectRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let read = Read::deserialize(deserializer)?;
        let key = match (read.place, read.name, read.path) {
            (Some(place), Some(name), None) => ObjectKey::new(place, name),
            (None, None, Some(key)) => key,
            _ => {
                let reason = "a file is cited by `place` and `name`, or by `path`";
                return Err(serde::de::Error::custom(reason));
            }
        };
        let (length, digest) = (read.length, read.digest);
        Ok(Self {
            key,
            stamp: FileStamp { length, digest },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = r#""length":3,"digest":"99aa06d3014798d86001c324468d497f"}"#;

    #[track_caller]
    fn check(path: &str, expected: Option<(Place, &str)>) {
        let line = format!(r#"{{"path":"{path}",{OLD}"#);
        let cited = serde_json::from_str::<ObjectRef>(&line).ok();
        let told = cited.map(|cited| (cited.place(), cited.name().to_string(), cited.length()));
        let expected = expected.map(|(place, name)| (place, name.to_owned(), 3));
        assert_eq!(told, expected, "{path}");
        // What may be deleted was listed by the same paths.
        let key = path.parse::<ObjectKey>().ok();
        let told = key.map(|key| (key.place, key.name.to_string(), 3));
        assert_eq!(told, expected, "{path}");
    }

    #[test]
    fn the_paths_of_older_journals_are_read() {
        for (path, place, name) in [
            (
                "results/partition_000003.e1.a2.jsonl",
                Place::Results,
                "partition_000003.e1.a2.jsonl",
            ),
            (
                "results/partition_000003.e1.a2.dropped.op001.jsonl",
                Place::Results,
                "partition_000003.e1.a2.dropped.op001.jsonl",
            ),
            (
                "quarantine/partition_000003.e1.a2.op000.jsonl",
                Place::Quarantine,
                "partition_000003.e1.a2.op000.jsonl",
            ),
            (
                "partition_000003_deltas.e1.a2.parquet",
                Place::Checkpoints,
                "partition_000003_deltas.e1.a2.parquet",
            ),
            (
                "partitions/partition_000003.e1.jsonl",
                Place::Partitions,
                "partition_000003.e1.jsonl",
            ),
            (
                "/fast disk/job/partition_000003.e1.jsonl",
                Place::Partitions,
                "partition_000003.e1.jsonl",
            ),
            (
                "parts/job/partition_000003.e1.jsonl",
                Place::Partitions,
                "partition_000003.e1.jsonl",
            ),
            (
                "intermediate/partition_000003/op_000_clean_links_mapper.parquet",
                Place::Intermediate,
                "partition_000003/op_000_clean_links_mapper.parquet",
            ),
            (
                "intermediate/partition_000003/.op_000_x.e1.a1.tmp",
                Place::Intermediate,
                "partition_000003/.op_000_x.e1.a1.tmp",
            ),
        ] {
            check(path, Some((place, name)));
        }
        for path in [
            "",
            "..",
            "../other/x",
            "results/../../x",
            "/c/job/../x",
            "results/",
        ] {
            check(path, None);
        }
    }

    #[test]
    fn a_citation_has_one_form_at_a_time() {
        for (start, is_read) in [
            (r#"{"place":"signatures","name":"x","#, true),
            (r#"{"place":"results","name":"../x","#, false),
            (r#"{"place":"elsewhere","name":"x","#, false),
            (r#"{"place":"results","#, false),
            (r#"{"name":"x","#, false),
            (r#"{"#, false),
            (
                r#"{"place":"results","name":"x","path":"results/x","#,
                false,
            ),
        ] {
            let line = format!("{start}{OLD}");
            assert_eq!(
                serde_json::from_str::<ObjectRef>(&line).is_ok(),
                is_read,
                "{line}"
            );
        }
    }

    #[test]
    fn every_place_comes_back() {
        for place in Place::ALL {
            let key = ObjectKey::new(place, ObjectName::new("a/b").unwrap());
            assert_eq!(key.to_string().parse::<ObjectKey>().unwrap(), key);
            let json = serde_json::to_string(&place).unwrap();
            assert_eq!(json, format!("\"{place}\""));
        }
    }
}
