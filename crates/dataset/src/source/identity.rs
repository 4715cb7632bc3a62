//! The identity of a source.

use std::io::{Read, Seek, SeekFrom};

use coldpress_storage::{Digest, Hasher};
use serde::{Deserialize, Serialize};

use super::Source;
use super::file::open_source;
use super::location::Location;
use crate::error::{Error, Result};

/// The number of bytes at each end of a file that its identity covers. It is small, because the check must be cheap.
const SAMPLE_BYTES: u64 = 64 * 1024;

/// The identity of a source, which differs from that of other sources and of the same source after a change. It is a cheap early
/// check.
///
/// The slices of a source are hashed in full when they are read, and that hash decides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceIdentity {
    /// The path as it was resolved; for several text files, the path that led to them.
    pub path: String,
    /// The length in bytes, as stored; for several files, their total.
    pub length: u64,
    /// The time of the last change, in nanoseconds since 1970; for several files, the latest.
    pub modified_nanos: u64,
    /// A hash of the length, the first and the last 64 KiB; for several files, of their names and hashes.
    pub sample: Digest,
    /// A hash of the absolute path without links, which reveals that a file was moved. It says where the source is, not what it is,
    /// so [`looks_like`](Self::looks_like) ignores it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Digest>,
}

/// The answer to whether a source that looks the same was written to since it was planned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Touched {
    /// Even the time of its last change is the same.
    Same,
    /// The time of its last change differs, so its slices should be hashed again.
    Touched,
}

impl SourceIdentity {
    /// Returns the identity of the file or files of `path`.
    pub(crate) fn of(path: &str, files: &[Location]) -> Result<Self> {
        if let [file] = files {
            return Self::of_file(path, file);
        }
        let members = files.iter().map(|file| Self::of_file("", file));
        let members = members.collect::<Result<Vec<_>>>()?;
        Ok(Self::of_members(path, files, &members))
    }

    pub(crate) fn of_file(path: &str, file: &Location) -> Result<Self> {
        if let Location::Remote(remote) = file
            && let meta = remote.meta()
            && let Some(version) = &meta.version
        {
            return Ok(Self {
                path: path.to_owned(),
                length: meta.length,
                modified_nanos: meta.modified_nanos,
                sample: of_version(meta.length, version),
                place: place_of(file),
            });
        }
        let mut opened = open_source(file)?;
        let examine = |error| Error::io("examine", file.shown())(error);
        let length = opened.length().map_err(examine)?;
        let mut hasher = Hasher::new();
        hasher.update(&length.to_le_bytes());
        for start in [0, length.saturating_sub(SAMPLE_BYTES)] {
            let mut sample = Vec::new();
            opened
                .seek(SeekFrom::Start(start))
                .and_then(|_| (&mut opened).take(SAMPLE_BYTES).read_to_end(&mut sample))
                .map_err(Error::io("read", file.shown()))?;
            hasher.update(&sample);
        }
        Ok(Self {
            path: path.to_owned(),
            length,
            modified_nanos: opened.modified_nanos().map_err(examine)?,
            sample: hasher.finish(),
            place: place_of(file),
        })
    }

    /// Returns the identity of several `members` together. It excludes their folders, so that a dataset may be moved.
    pub(crate) fn of_members(path: &str, files: &[Location], members: &[Self]) -> Self {
        let mut hasher = Hasher::new();
        for (file, member) in files.iter().zip(members) {
            let name = file.file_name().unwrap_or_default();
            hasher.update(name.as_encoded_bytes());
            // No file name contains this byte.
            hasher.update(b"/");
            hasher.update(&member.length.to_le_bytes());
            hasher.update(&member.sample.as_u128().to_le_bytes());
        }
        let modified = members.iter().map(|member| member.modified_nanos);
        let mut places = Hasher::new();
        for member in members {
            places.update(&member.place.map_or(0, Digest::as_u128).to_le_bytes());
        }
        Self {
            path: path.to_owned(),
            length: members.iter().map(|member| member.length).sum(),
            modified_nanos: modified.max().unwrap_or(0),
            sample: hasher.finish(),
            place: Some(places.finish()),
        }
    }

    /// Returns whether two sources seem to hold the same content, as far as one can see without reading them in full, wherever they
    /// are.
    pub fn looks_like(&self, other: &Self) -> bool {
        (self.length, self.sample) == (other.length, other.sample)
    }

    /// Returns whether two sources are known to be in the same place.
    fn lies_at(&self, other: &Self) -> bool {
        match (self.place, other.place) {
            (Some(place), Some(other)) => place == other,
            // Earlier releases recorded the path alone.
            _ => self.path == other.path,
        }
    }
}

impl Source {
    /// Lets the source replace the planned one, which it looks like. Returns whether it is in another place than that one was. If
    /// so, [`check_unchanged`](Self::check_unchanged) reports that it was touched, because its time says nothing.
    pub fn stand_for(&mut self, planned: &SourceIdentity) -> bool {
        let now = std::mem::replace(&mut self.identity, planned.clone());
        let is_moved = !planned.lies_at(&now);
        self.identity.path = now.path;
        self.identity.place = now.place;
        if is_moved {
            self.identity.modified_nanos = u64::MAX;
        }
        is_moved
    }
}

/// Returns a hash that identifies the version of a file at a URL, if its server gives one.
fn of_version(length: u64, version: &str) -> Digest {
    let mut hasher = Hasher::new();
    hasher.update(b"version");
    hasher.update(&length.to_le_bytes());
    hasher.update(version.as_bytes());
    hasher.finish()
}

fn place_of(file: &Location) -> Option<Digest> {
    let place = match file.local() {
        Some(path) => std::fs::canonicalize(path).ok()?,
        None => file.shown().to_owned(),
    };
    Some(Digest::of(place.as_os_str().as_encoded_bytes()))
}
