//! The parts of one section in order, with a check that they are those that were written.

use std::sync::Arc;

use coldpress_storage::Hasher;

use super::columns::{self, Decoded, Part};
use super::manifest::SectionManifest;
use crate::container::ContainerReader;
use crate::{Error, Result};

/// Reads the parts of a section. It holds one group of them in memory.
pub(super) struct SectionParts {
    container: Arc<ContainerReader>,
    section: u32,
    manifest: SectionManifest,
    /// The groups of the section that were not read yet.
    groups: std::vec::IntoIter<usize>,
    batches: std::vec::IntoIter<Decoded>,
    current: Option<Decoded>,
    row: usize,
    parts: u32,
    rows: u64,
    hasher: Hasher,
}

impl SectionParts {
    pub(super) fn new(
        container: Arc<ContainerReader>,
        section: u32,
        manifest: SectionManifest,
        groups: Vec<usize>,
    ) -> Self {
        Self {
            container,
            section,
            manifest,
            groups: groups.into_iter(),
            batches: Vec::new().into_iter(),
            current: None,
            row: 0,
            parts: 0,
            rows: 0,
            hasher: Hasher::new(),
        }
    }

    pub(super) fn manifest(&self) -> &SectionManifest {
        &self.manifest
    }

    pub(super) fn corrupt(&self, reason: impl std::fmt::Display) -> Error {
        let operation = self.manifest.manifest.operation;
        let reason = format!("its section after operator {operation}: {reason}");
        Error::corrupt(self.container.name(), reason)
    }

    /// Returns the next part; `None` after the last.
    pub(super) fn next(&mut self) -> Result<Option<Part<'_>>> {
        while self
            .current
            .as_ref()
            .is_none_or(|current| current.part(self.row).is_none())
        {
            if !self.advance()? {
                return Ok(None);
            }
        }
        let row = self.row;
        let Some(part) = self.current.as_ref().and_then(|current| current.part(row)) else {
            return Ok(None);
        };
        if (part.section, part.number) != (self.section, self.parts) {
            return Err(self.corrupt("its parts are not in order"));
        }
        part.hash(&mut self.hasher);
        self.row += 1;
        self.parts += 1;
        self.rows += u64::from(part.rows_after);
        Ok(Some(part))
    }

    /// Skips the next part, which must begin with the rows that the section before it left, and returns those that it left itself.
    pub(super) fn next_after(&mut self, left: Option<u32>) -> Result<Option<u32>> {
        let part = self.next()?;
        let Some((before, after)) = part.map(|part| (part.rows_before, part.rows_after)) else {
            return Ok(None);
        };
        match left {
            Some(left) if left != before => {
                let reason = format!("it begins with {before} rows where {left} were left");
                Err(self.corrupt(reason))
            }
            _ => Ok(Some(after)),
        }
    }

    /// Advances to the next decoded rows; `false` after the last.
    fn advance(&mut self) -> Result<bool> {
        self.row = 0;
        // The used rows are dropped before the next group is read.
        self.current = self.batches.next();
        if self.current.is_some() {
            return Ok(true);
        }
        let Some(group) = self.groups.next() else {
            return Ok(false);
        };
        let batches = self.container.read_group(group, &columns::schema(), None)?;
        let decoded = batches.iter().map(Decoded::new).collect::<Option<Vec<_>>>();
        let decoded = decoded.ok_or_else(|| self.corrupt("its columns have other types"))?;
        self.batches = decoded.into_iter();
        Ok(true)
    }

    /// Checks that all parts were read and are those that were written.
    pub(super) fn finish(&mut self) -> Result<()> {
        if self.next()?.is_some() {
            return Err(self.corrupt(format!(
                "it has more parts than the {} batches",
                self.parts - 1
            )));
        }
        let said = &self.manifest;
        if (self.parts, self.rows) != (said.parts, said.manifest.rows) {
            let reason = format!(
                "it has {} parts and {} rows, its manifest says {} and {}",
                self.parts, self.rows, said.parts, said.manifest.rows
            );
            return Err(self.corrupt(reason));
        }
        if self.hasher.finish() != said.digest {
            return Err(self.corrupt("its parts are not those that were written"));
        }
        Ok(())
    }
}
