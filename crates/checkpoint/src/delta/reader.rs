//! Opening delta files.

use std::fmt;
use std::sync::Arc;

use coldpress_storage::FileStamp;

use super::manifest::{DeltaBase, DeltaManifest, SectionManifest};
use super::parts::SectionParts;
use super::replay::DeltaReplay;
use crate::container::ContainerReader;
use crate::{Error, Manifest, Result, StoreReader};

/// A delta file that is open for reading.
#[derive(Clone)]
pub struct DeltaReader {
    container: Arc<ContainerReader>,
    manifest: Arc<DeltaManifest>,
    /// How many sections can be used.
    usable: usize,
}

/// A section that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SectionDamage {
    /// How many operators had been applied behind it.
    pub operation: u32,
    /// What is wrong.
    pub reason: String,
}

impl DeltaReader {
    /// Opens a delta file. Its length and digest are checked before anything in it is decoded.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when it is not the file that was cited or no delta file, [`Error::Newer`] when a newer
    /// release wrote it, [`Error::Store`] when it cannot be read.
    pub fn open(reader: Box<dyn StoreReader>, expected: &FileStamp) -> Result<Self> {
        Self::of_container(ContainerReader::open(reader, expected)?)
    }

    /// Opens a file that is not the one that was cited any more, and tells which sections are damaged.
    ///
    /// Only the sections before the first damaged one are there then. Whether the file is that of the right partition
    /// and operators is for the caller to see from their manifests.
    ///
    /// # Errors
    /// As [`open`](Self::open), when not even the manifest is as it was written. [`Error::Store`] also when the
    /// sections cannot be read.
    pub fn open_damaged(reader: Box<dyn StoreReader>) -> Result<(Self, Vec<SectionDamage>)> {
        let container = ContainerReader::open_unverified(reader)?;
        let mut opened = Self::of_container(container)?;
        let mut damages = Vec::new();
        for section in 0..opened.manifest.sections.len() {
            let mut parts = opened.parts(section);
            match read_through(&mut parts) {
                Ok(()) => {}
                Err(Error::Corrupt { reason, .. }) => damages.push((section, reason)),
                Err(error) => return Err(error),
            }
        }
        let first = damages.first().map(|(section, _)| *section);
        opened.usable = first.unwrap_or(opened.usable);
        let told = damages.into_iter().map(|(section, reason)| SectionDamage {
            operation: opened.manifest.sections[section].manifest.operation,
            reason,
        });
        let told = told.collect();
        Ok((opened, told))
    }

    pub(crate) fn of_container(container: ContainerReader) -> Result<Self> {
        let name = container.name();
        let manifest = DeltaManifest::from_json(name, container.manifest_json())?;
        let sections = manifest.sections.len();
        let groups_fit = manifest.groups.len() == container.groups().len()
            && manifest
                .groups
                .iter()
                .all(|section| (*section as usize) < sections);
        if !groups_fit || !container.is_sealed() {
            return Err(Error::corrupt(name, "its manifest is of another file"));
        }
        Ok(Self {
            usable: sections,
            container: Arc::new(container),
            manifest: Arc::new(manifest),
        })
    }

    /// The object's name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.container.name()
    }

    /// What was true of the whole attempt.
    #[must_use]
    pub fn attempt(&self) -> &Manifest {
        &self.manifest.attempt
    }

    /// Where the first section begins.
    #[must_use]
    pub fn base(&self) -> &DeltaBase {
        &self.manifest.base
    }

    /// The sections that can be used, in order.
    #[must_use]
    pub fn sections(&self) -> &[SectionManifest] {
        &self.manifest.sections[..self.usable]
    }

    /// Replays the sections up to the point behind `operation` operators.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when no usable section ends there.
    pub fn replayer(&self, operation: u32) -> Result<DeltaReplay> {
        let mut replay = DeltaReplay::default();
        replay.append(self, operation)?;
        Ok(replay)
    }

    pub(crate) fn container(&self) -> &ContainerReader {
        &self.container
    }

    pub(super) fn fields(&self) -> &[String] {
        &self.manifest.fields
    }

    pub(super) fn stats(&self) -> &[String] {
        &self.manifest.stats
    }

    /// The parts of a section that exists.
    pub(super) fn parts(&self, section: usize) -> SectionParts {
        let groups = self.groups(section);
        let manifest = self.manifest.sections[section].clone();
        SectionParts::new(
            Arc::clone(&self.container),
            section as u32,
            manifest,
            groups,
        )
    }

    /// The groups of a section.
    pub(crate) fn groups(&self, section: usize) -> Vec<usize> {
        let groups = self.manifest.groups.iter().enumerate();
        let own = groups.filter(|(_, of)| **of as usize == section);
        own.map(|(group, _)| group).collect()
    }

    /// Whether the rows that each section left are those that the next one found.
    pub(crate) fn check_counts(&self) -> Result<()> {
        let mut sections: Vec<SectionParts> = (0..self.usable).map(|at| self.parts(at)).collect();
        let parts = self.sections().first().map_or(0, |first| first.parts);
        for _ in 0..parts {
            let mut left = None;
            for section in &mut sections {
                let part = section
                    .next()?
                    .map(|part| (part.rows_before, part.rows_after));
                let Some((before, after)) = part else {
                    continue;
                };
                if left.is_some_and(|left| left != before) {
                    return Err(
                        section.corrupt("it begins with other rows than the one before it left")
                    );
                }
                left = Some(after);
            }
        }
        sections.iter_mut().try_for_each(SectionParts::finish)
    }
}

fn read_through(parts: &mut SectionParts) -> Result<()> {
    while parts.next()?.is_some() {}
    parts.finish()
}

impl fmt::Debug for DeltaReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeltaReader")
            .field("name", &self.name())
            .field("sections", &self.usable)
            .finish_non_exhaustive()
    }
}
