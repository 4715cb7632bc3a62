//! Opening delta files.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use coldpress_storage::FileStamp;

use super::manifest::{DeltaBase, DeltaManifest, SectionManifest};
use super::parts::SectionParts;
use crate::container::ContainerReader;
use crate::{Error, Manifest, Result};
use coldpress_storage::StoreReader;

/// A delta file that is open for reading.
#[derive(Clone)]
pub struct DeltaReader {
    container: Arc<ContainerReader>,
    manifest: Arc<DeltaManifest>,
    /// The number of sections that can be used.
    usable: usize,
}

/// A section that isn't as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SectionDamage {
    /// The number of operators that had been applied at its end.
    pub operation: u32,
    /// The reason.
    pub reason: String,
}

impl DeltaReader {
    /// Opens a delta file. Its length and digest are checked before anything in it is decoded.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when it isn't the file that was cited or isn't a delta file, [`Error::Newer`] when a newer release wrote
    /// it, [`Error::Storage`] when it cannot be read.
    pub fn open(reader: Box<dyn StoreReader>, expected: &FileStamp) -> Result<Self> {
        Self::of_container(ContainerReader::open(reader, expected)?)
    }

    /// Opens a file that is no longer the one that was cited, and returns which sections are damaged.
    ///
    /// Only the sections before the first damaged one are then available. The caller must check from their manifests that the file
    /// belongs to the right partition and operators.
    ///
    /// # Errors
    /// Those of [`open`](Self::open), if not even the manifest is as it was written. [`Error::Storage`] also when the sections
    /// cannot be read.
    pub fn open_damaged(reader: Box<dyn StoreReader>) -> Result<(Self, Vec<SectionDamage>)> {
        let container = ContainerReader::open_unverified(reader)?;
        let mut opened = Self::of_container(container)?;
        let damages = opened.damages()?;
        let first = damages.first().map(|(section, _)| *section);
        opened.usable = first.unwrap_or(opened.usable);
        let told = damages.into_iter().map(|(section, reason)| SectionDamage {
            operation: opened.manifest.sections[section].manifest.operation,
            reason,
        });
        let told = told.collect();
        Ok((opened, told))
    }

    /// Returns the sections that aren't as they were written, or do not begin where the one before them ends, with the reasons.
    fn damages(&self) -> Result<Vec<(usize, String)>> {
        let mut sections: Vec<SectionParts> = (0..self.manifest.sections.len())
            .map(|at| self.parts(at))
            .collect();
        let mut damages = BTreeMap::new();
        let parts = self
            .manifest
            .sections
            .iter()
            .map(|section| section.parts)
            .max();
        for _ in 0..parts.unwrap_or_default() {
            let mut left = None;
            for (at, section) in sections.iter_mut().enumerate() {
                if damages.contains_key(&at) {
                    left = None;
                    continue;
                }
                match section.next_after(left) {
                    Ok(after) => left = after,
                    Err(Error::Corrupt { reason, .. }) => {
                        damages.insert(at, reason);
                        left = None;
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        for (at, section) in sections.iter_mut().enumerate() {
            match section.finish() {
                Err(Error::Corrupt { reason, .. }) => drop(damages.entry(at).or_insert(reason)),
                other => other?,
            }
        }
        Ok(damages.into_iter().collect())
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

    /// Returns the object's name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.container.name()
    }

    /// Returns the manifest of the whole attempt.
    #[must_use]
    pub fn attempt(&self) -> &Manifest {
        &self.manifest.attempt
    }

    /// Returns the point where the first section begins.
    #[must_use]
    pub fn base(&self) -> &DeltaBase {
        &self.manifest.base
    }

    /// Returns the sections that can be used, in order.
    #[must_use]
    pub fn sections(&self) -> &[SectionManifest] {
        &self.manifest.sections[..self.usable]
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

    /// Returns the parts of an existing section.
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

    /// Returns the groups of a section.
    pub(crate) fn groups(&self, section: usize) -> Vec<usize> {
        let groups = self.manifest.groups.iter().enumerate();
        let own = groups.filter(|(_, of)| **of as usize == section);
        own.map(|(group, _)| group).collect()
    }
}

impl fmt::Debug for DeltaReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeltaReader")
            .field("name", &self.name())
            .field("sections", &self.usable)
            .finish_non_exhaustive()
    }
}
