//! What tells a source from another.

use std::io::{Read, Seek, SeekFrom};

use coldpress_storage::{Digest, Hasher};
use serde::{Deserialize, Serialize};

use super::Source;
use super::file::open_source;
use super::location::{Location, Sealed};
use crate::error::{Error, Result};

const SAMPLE_BYTES: u64 = 64 * 1024;

/// What tells a source from another, or from itself after a change: an early check, cheap to make.
///
/// The slices of a source are hashed whole when they are read; that hash decides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceIdentity {
    /// The path as it was resolved; of several text files, the path that led to them.
    pub path: String,
    /// Length in bytes, as stored; of several files, all together.
    pub length: u64,
    /// Time of the last change, in nanoseconds since 1970; of several files, the latest.
    pub modified_nanos: u64,
    /// Hash of the length, the first and the last 64 KiB; of several files, of their names and hashes.
    pub sample: Digest,
    /// Hash of the whole path without links, by which a file that was moved can be told; no part of what the source is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Digest>,
}

/// Whether a source that looks the same was written to since.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Touched {
    /// Not even its time of change is another.
    Same,
    /// Its time of change is another, so that its slices should be hashed again.
    Touched,
}

impl SourceIdentity {
    /// The identity of one or several files that `path` stands for.
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

    /// Returns what `members` are together. Their folders are no part of it: a dataset may be moved.
    pub(crate) fn of_members(path: &str, files: &[Location], members: &[Self]) -> Self {
        let mut hasher = Hasher::new();
        for (file, member) in files.iter().zip(members) {
            let name = file.file_name().unwrap_or_default();
            hasher.update(name.as_encoded_bytes());
            // No name has this byte.
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

    /// Returns whether two sources hold the same, as far as is seen without reading them whole, wherever they lie.
    pub fn looks_like(&self, other: &Self) -> bool {
        (self.length, self.sample) == (other.length, other.sample)
    }

    /// Returns whether two sources are known to lie at one place.
    fn lies_at(&self, other: &Self) -> bool {
        match (self.place, other.place) {
            (Some(place), Some(other)) => place == other,
            // Earlier releases noted the path alone.
            _ => self.path == other.path,
        }
    }
}

impl Source {
    /// Lets the source stand for what was planned, which it looks like. Whether it lies elsewhere than that did: then
    /// [`check_unchanged`](Self::check_unchanged) says that it was touched, because its time tells nothing.
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

/// What tells a file behind a URL from another, where its server says which version it is.
fn of_version(length: u64, version: &str) -> Digest {
    let mut hasher = Hasher::new();
    hasher.update(b"version");
    hasher.update(&length.to_le_bytes());
    hasher.update(version.as_bytes());
    hasher.finish()
}

fn place_of(file: &Location) -> Option<Digest> {
    let place = match file {
        Location::File(path) | Location::Sealed(Sealed { path, .. }) => {
            std::fs::canonicalize(path).ok()?
        }
        Location::Remote(_) => file.shown().to_owned(),
    };
    Some(Digest::of(place.as_os_str().as_encoded_bytes()))
}
