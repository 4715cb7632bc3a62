//! Delta files that build on each other.

use super::manifest::{DeltaBase, SectionManifest};
use super::reader::DeltaReader;
use super::replay::DeltaReplay;
use crate::{Error, Result};

/// Delta files of one partition, each of which continues where a section of the one before it ends.
#[derive(Clone, Debug)]
pub struct DeltaChain {
    files: Vec<DeltaReader>,
}

impl DeltaChain {
    /// Creates the chain of these files, in order.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when one does not continue from a good section of the one before it, or belongs to another partition or
    /// input.
    pub fn new(files: Vec<DeltaReader>) -> Result<Self> {
        for pair in files.windows(2) {
            let [before, file] = pair else { continue };
            let (mine, theirs) = (file.attempt(), before.attempt());
            if (mine.partition, mine.slice) != (theirs.partition, theirs.slice) {
                return Err(Error::corrupt(
                    file.name(),
                    "it is of another partition than the file before it",
                ));
            }
            let base = file.base();
            let is_base = |section: &SectionManifest| {
                (section.manifest.operation, &section.manifest.chain)
                    == (base.operation, &base.chain)
            };
            if !before.sections().iter().any(is_base) {
                let reason = format!(
                    "it continues after operator {}, where no good section of `{}` ends",
                    base.operation,
                    before.name()
                );
                return Err(Error::corrupt(file.name(), reason));
            }
        }
        Ok(Self { files })
    }

    /// Returns where the first section begins; `None` for a chain without files.
    #[must_use]
    pub fn base(&self) -> Option<&DeltaBase> {
        self.files.first().map(DeltaReader::base)
    }

    /// Returns the sections that lead from the base to the end of the last file, in order.
    pub fn sections(&self) -> impl Iterator<Item = &SectionManifest> {
        self.files.iter().enumerate().flat_map(|(at, file)| {
            let end = self.end_of(at);
            let sections = file.sections().iter();
            sections.take_while(move |section| section.manifest.operation <= end)
        })
    }

    /// Replays the sections up to the point after `operation` operators.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when no good section ends there.
    pub fn replayer(&self, operation: u32) -> Result<DeltaReplay> {
        let mut replay = DeltaReplay::default();
        for (at, file) in self.files.iter().enumerate() {
            let end = self.end_of(at);
            replay.append(file, end.min(operation))?;
            if operation <= end {
                return Ok(replay);
            }
        }
        let name = self.files.last().map_or("no file", DeltaReader::name);
        let reason = format!("no good section of it ends after operator {operation}");
        Err(Error::corrupt(name, reason))
    }

    /// Returns how far the sections of a file are used: up to where the next file continues.
    fn end_of(&self, at: usize) -> u32 {
        self.files
            .get(at + 1)
            .map_or(u32::MAX, |next| next.base().operation)
    }
}
