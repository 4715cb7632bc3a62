//! The sources of the job's dataset, as this run found them.

use std::collections::BTreeMap;

use coldpress_dataset::{Error as DatasetError, MissingFile, Resolved, Source, TableFile};
use coldpress_partition::Mixing;
use coldpress_storage::Digest;
use coldpress_table::SchemaRef;

use crate::error::{Error, Result};
use crate::mixing::mixed;
use crate::report::{SourceNames, place};

/// The sources in plan order, and how they are named to people.
pub(super) struct Sources {
    found: Vec<Source>,
    /// How many of them each path of the recipe led to.
    of_paths: Vec<usize>,
    /// Files of the dataset that do not exist.
    missing: Vec<MissingFile>,
    /// The schemas of columnar sources that were asked for.
    schemas: BTreeMap<u32, SchemaRef>,
}

impl Sources {
    pub(super) fn new(dataset: Resolved) -> Self {
        Self {
            found: dataset.sources,
            of_paths: dataset.of_paths,
            missing: dataset.missing,
            schemas: BTreeMap::new(),
        }
    }

    /// How many sources each path of the recipe led to.
    pub(super) fn of_paths(&self) -> &[usize] {
        &self.of_paths
    }

    /// Names each source as often as it is read.
    pub(super) fn mix(&mut self, mixing: &Mixing) {
        self.found = mixed(&self.found, &self.of_paths, mixing);
    }

    pub(super) fn all(&self) -> &[Source] {
        &self.found
    }

    pub(super) fn all_mut(&mut self) -> &mut [Source] {
        &mut self.found
    }

    pub(super) fn missing(&self) -> &[MissingFile] {
        &self.missing
    }

    pub(super) fn get(&self, index: u32) -> Option<&Source> {
        self.found.get(usize::try_from(index).ok()?)
    }

    /// The schema of a columnar source whose metadata was planned to be this; none of a source that is text.
    pub(super) fn schema(
        &mut self,
        index: u32,
        metadata: Option<Digest>,
    ) -> Result<Option<SchemaRef>> {
        if let Some(known) = self.schemas.get(&index) {
            return Ok(Some(known.clone()));
        }
        let Some(columnar) = self.get(index).filter(|source| source.is_columnar()) else {
            return Ok(None);
        };
        let file = TableFile::open(columnar)?;
        if metadata.is_some_and(|planned| planned != file.metadata_digest()) {
            return Err(Error::from(DatasetError::Changed {
                path: columnar.identity.path.clone(),
                what: "its schema is another".to_owned(),
            }));
        }
        let schema = file.schema().clone();
        self.schemas.insert(index, schema.clone());
        Ok(Some(schema))
    }

    /// Returns whether all sources are columnar and have the same schema.
    pub(super) fn share_a_schema(&mut self) -> Result<bool> {
        let count = u32::try_from(self.found.len()).unwrap_or(u32::MAX);
        let mut shared: Option<SchemaRef> = None;
        for index in 0..count {
            let Some(schema) = self.schema(index, None)? else {
                return Ok(false);
            };
            if *shared.get_or_insert_with(|| schema.clone()) != schema {
                return Ok(false);
            }
        }
        Ok(shared.is_some())
    }
}

impl SourceNames for Sources {
    fn path(&self, source: u32) -> String {
        let source = self.get(source);
        source.map_or_else(String::new, |source| source.identity.path.clone())
    }

    fn place(&self, source: u32, position: u64) -> String {
        place(self.get(source).is_some_and(Source::is_columnar), position)
    }
}
