//! Writing delta files, batch by batch, in bounded memory.

use std::fmt;

use coldpress_storage::{FileStamp, Hasher};

use super::columns::{self, Gathered, Part};
use super::manifest::{DeltaBase, DeltaManifest, SectionManifest};
use crate::container::{ContainerOptions, ContainerWriter};
use crate::{Compression, Error, Format, Manifest, Result};
use coldpress_storage::StoreWriter;

/// The most bytes that all sections together hold before they are written.
const BUFFER_BYTES: usize = 32 << 20;
/// The memory that a part takes besides its bytes.
const PART_BYTES: usize = 16;

/// The content and the format of a delta file.
#[derive(Clone, Copy, Debug)]
pub struct DeltaOptions<'a> {
    /// The file format.
    pub format: Format,
    /// The compression, which the format must support.
    pub compression: Compression,
    /// The names of the declared fields, by their column in the batches.
    pub fields: &'a [String],
    /// The names of the statistics, by their column in the batches.
    pub stats: &'a [String],
    /// The point where the first section begins.
    pub base: &'a DeltaBase,
}

/// Writes what happened to the batches of an attempt, with a section for each point.
///
/// The parts of all sections are held in memory until they exceed 32 MiB. Then those of each section are written as a group. If it
/// is dropped unfinished, it leaves no object.
pub struct DeltaWriter {
    container: ContainerWriter,
    fields: Vec<String>,
    stats: Vec<String>,
    base: DeltaBase,
    sections: Vec<Section>,
    buffered_bytes: usize,
    max_buffered_bytes: usize,
    /// The section of each group that was written.
    groups: Vec<u32>,
}

#[derive(Default)]
struct Section {
    gathered: Gathered,
    /// The number of the first collected part.
    first: u32,
    parts: u32,
    rows: u64,
    bytes: u64,
    hasher: Hasher,
}

impl DeltaWriter {
    /// Begins a delta file.
    ///
    /// # Errors
    /// [`Error::Write`] when the file cannot be begun.
    pub fn create(out: Box<dyn StoreWriter>, options: &DeltaOptions<'_>) -> Result<Self> {
        let container = ContainerOptions {
            format: options.format,
            compression: options.compression,
        };
        Ok(Self {
            container: ContainerWriter::create(out, columns::schema(), &container)?,
            fields: options.fields.to_vec(),
            stats: options.stats.to_vec(),
            base: options.base.clone(),
            sections: Vec::new(),
            buffered_bytes: 0,
            max_buffered_bytes: BUFFER_BYTES,
            groups: Vec::new(),
        })
    }

    /// Returns how many rows were alive after a section, over all parts so far.
    #[must_use]
    pub fn rows(&self, section: usize) -> u64 {
        self.sections.get(section).map_or(0, |section| section.rows)
    }

    /// Returns the bytes of a section's parts so far, before compression.
    #[must_use]
    pub fn bytes(&self, section: usize) -> u64 {
        self.sections
            .get(section)
            .map_or(0, |section| section.bytes)
    }

    /// Writes what happened to the next batch in a section: `rows_before` rows of it were alive before, and `rows_after` are left.
    ///
    /// Every batch has a part in every section, even if nothing of it is left.
    ///
    /// # Errors
    /// [`Error::Write`] when the store refuses bytes, [`Error::Precondition`] for more than `u32::MAX` parts or sections. The file
    /// then cannot be finished.
    pub fn write_part(
        &mut self,
        section: usize,
        rows_before: u32,
        rows_after: u32,
        part: &[u8],
    ) -> Result<()> {
        while self.sections.len() <= section {
            self.sections.push(Section::default());
        }
        let number = u32::try_from(section).ok();
        let state = &mut self.sections[section];
        let parts = state.parts.checked_add(1);
        let (Some(number), Some(parts)) = (number, parts) else {
            return Err(self.precondition("it has too many parts"));
        };
        let stored = Part {
            section: number,
            number: state.parts,
            rows_before,
            rows_after,
            bytes: part,
        };
        stored.hash(&mut state.hasher);
        state.gathered.push(&stored);
        state.parts = parts;
        state.rows += u64::from(rows_after);
        state.bytes += part.len() as u64;
        self.buffered_bytes += part.len() + PART_BYTES;
        if self.buffered_bytes > self.max_buffered_bytes {
            self.write_groups()?;
        }
        Ok(())
    }

    /// Writes the rest and the manifests, and makes the object durable.
    ///
    /// `attempt` is the manifest of the whole attempt, and `sections` are those after each section. Their `rows` must be the
    /// writer's own [`rows`](Self::rows).
    ///
    /// # Errors
    /// [`Error::Precondition`] when the manifests do not agree with what was written or with each other, [`Error::Write`] and
    /// [`Error::Storage`] when the store refuses. Nothing is published then.
    pub fn finish(mut self, attempt: &Manifest, sections: &[Manifest]) -> Result<FileStamp> {
        self.write_groups()?;
        self.sections
            .resize_with(self.sections.len().max(sections.len()), Section::default);
        self.check(attempt, sections)?;
        let described = self
            .sections
            .iter()
            .zip(sections)
            .map(|(section, manifest)| SectionManifest {
                manifest: manifest.clone(),
                parts: section.parts,
                bytes: section.bytes,
                digest: section.hasher.finish(),
            });
        let manifest = DeltaManifest {
            sections: described.collect(),
            base: self.base,
            fields: self.fields,
            stats: self.stats,
            groups: self.groups,
            attempt: attempt.clone(),
        };
        let json = manifest.to_json(self.container.name())?;
        self.container.finish(json)
    }

    fn check(&self, attempt: &Manifest, manifests: &[Manifest]) -> Result<()> {
        if manifests.len() != self.sections.len() {
            let (manifests, sections) = (manifests.len(), self.sections.len());
            return Err(
                self.precondition(&format!("{sections} sections have {manifests} manifests"))
            );
        }
        let parts = self.sections.first().map_or(0, |first| first.parts);
        let mut operation = self.base.operation;
        for (section, manifest) in self.sections.iter().zip(manifests) {
            let broken = if section.parts != parts {
                Some(format!(
                    "its sections have {parts} and {} parts",
                    section.parts
                ))
            } else if section.rows != manifest.rows {
                let (rows, said) = (section.rows, manifest.rows);
                Some(format!(
                    "a manifest says {said} rows, its section has {rows}"
                ))
            } else if manifest.operation <= operation {
                Some("the points of its sections do not rise".to_owned())
            } else if (manifest.partition, manifest.slice) != (attempt.partition, attempt.slice) {
                Some("its manifests are of several partitions".to_owned())
            } else {
                None
            };
            if let Some(reason) = broken {
                return Err(self.precondition(&reason));
            }
            operation = manifest.operation;
        }
        Ok(())
    }

    /// Writes the collected parts, section by section.
    fn write_groups(&mut self) -> Result<()> {
        for (number, section) in (0..).zip(&mut self.sections) {
            if section.gathered.is_empty() {
                continue;
            }
            let gathered = std::mem::take(&mut section.gathered);
            let rows = gathered.into_rows(number, section.first);
            let rows = rows.map_err(|error| Error::write(self.container.name(), error.into()))?;
            section.first = section.parts;
            self.container.write(&rows)?;
            drop(rows);
            self.container.end_group()?;
            self.groups.push(number);
        }
        self.buffered_bytes = 0;
        Ok(())
    }

    fn precondition(&self, reason: &str) -> Error {
        Error::Precondition {
            name: self.container.name().to_owned(),
            reason: reason.to_owned(),
        }
    }

    /// Writes sooner, for tests.
    #[cfg(test)]
    pub(super) fn with_max_buffered_bytes(mut self, bytes: usize) -> Self {
        self.max_buffered_bytes = bytes;
        self
    }

    #[cfg(test)]
    pub(super) fn buffered_bytes(&self) -> usize {
        self.buffered_bytes
    }
}

impl fmt::Debug for DeltaWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeltaWriter")
            .field("name", &self.container.name())
            .field("sections", &self.sections.len())
            .field("buffered_bytes", &self.buffered_bytes)
            .finish_non_exhaustive()
    }
}
