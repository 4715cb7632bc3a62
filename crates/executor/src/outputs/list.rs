//! The outputs that a recipe asks for.

use std::path::Path;

use coldpress_config::{Overwrite, Recipe};
use coldpress_export::{Error as ExportError, ExportTarget, OutputFolder, OutputPlace};
use coldpress_failure::full_message;
use coldpress_operator::Pipeline;
use coldpress_storage::{FernetKey, KeyPlace, StoreSchemes, real_place, spelled_alike};

use super::path_text;
use crate::encryption::key_of_outputs;
use crate::error::{Error, ErrorKind, Result};
use crate::labels::label_fields;
use crate::trace::TracePlan;

/// The outputs of a job: the export, and what lies beside it.
#[derive(Clone, Debug)]
pub struct Outputs {
    export: Output,
    beside: Vec<Output>,
    /// The folder of traces, and what identifies what is in it.
    trace: Option<(Output, String)>,
    /// The folder in which the recipe asks for what filters dropped.
    dropped: Option<OutputFolder>,
    overwrite: Overwrite,
    /// The fields by which the list and the report of duplicates name records.
    labels: Vec<String>,
    /// Where the key is that they are encrypted with; none if they are not.
    key: Option<KeyPlace>,
}

/// An output of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// Where it goes.
    pub target: ExportTarget,
    /// What it holds.
    pub content: Content,
}

/// What an output holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// The records: it is the export.
    Records,
    /// The statistics of each exported record, a line each.
    Stats,
    /// The records that the filter, deduplicator or selector at this place of the recipe dropped.
    Dropped(u32),
    /// The lines that the operator at this place of the recipe writes aside.
    Aside(u32),
    /// A row for each record that a deduplicator removed.
    Duplicates,
    /// Samples of what operators changed and dropped: a folder of the job's own.
    Traces,
}

impl Outputs {
    /// The outputs of a recipe whose export goes to `export`.
    ///
    /// # Errors
    /// [`ErrorKind::Recipe`] for a URL that is no place of an output.
    pub(crate) fn of(
        recipe: &Recipe,
        pipeline: &Pipeline,
        export: ExportTarget,
        schemes: &StoreSchemes,
    ) -> Result<Self> {
        let named = |key: &'static str| move |error| refused_place(recipe, key, error);
        let mut beside = Vec::new();
        // Data-Juicer writes them whenever there are any.
        let of_compat = recipe.compat.is_some() && !pipeline.stats().is_empty();
        if recipe.export.stats.unwrap_or(of_compat) {
            beside.push(Output {
                target: export.stats().map_err(named("export_path"))?,
                content: Content::Stats,
            });
        }
        let dropped = recipe.export.dropped_dir.as_deref();
        let dropped = dropped.map(|folder| OutputFolder::open(folder, schemes));
        let dropped = dropped.transpose().map_err(named("export_dropped"))?;
        if let Some(folder) = &dropped {
            for (operator, operation) in pipeline.operators().iter().zip(0..) {
                if operator.kind().drops() {
                    let name = format!("op_{operation:03}_{}.jsonl", operator.name());
                    let place = folder.place(&name).map_err(named("export_dropped"))?;
                    beside.push(Output {
                        target: ExportTarget::lines_at(place),
                        content: Content::Dropped(operation),
                    });
                }
            }
        }
        for (operator, operation) in pipeline.operators().iter().zip(0..) {
            if let Some(path) = operator.aside() {
                let place = OutputPlace::open(path, schemes);
                let place = place.map_err(|error| {
                    let message = format!("{}: {}", operator.name(), full_message(&error));
                    Error::new(ErrorKind::Recipe, message)
                });
                beside.push(Output {
                    target: ExportTarget::lines_at(place?),
                    content: Content::Aside(operation),
                });
            }
        }
        if let Some(path) = &recipe.export.duplicates_path {
            let place = OutputPlace::open(path, schemes).map_err(named("duplicates_path"))?;
            beside.push(Output {
                target: ExportTarget::lines_at(place),
                content: Content::Duplicates,
            });
        }
        Ok(Self {
            export: Output {
                target: export,
                content: Content::Records,
            },
            beside,
            trace: None,
            dropped,
            overwrite: recipe.export.overwrite,
            labels: match pipeline.barriers().is_empty() {
                true => Vec::new(),
                false => label_fields(recipe),
            },
            key: key_of_outputs(recipe),
        })
    }

    /// The same outputs, with traces in this folder of the job.
    pub(crate) fn tracing(mut self, folder: &Path, plan: &TracePlan) -> Self {
        let output = Output {
            target: ExportTarget::folder_of_lines(folder),
            content: Content::Traces,
        };
        self.trace = Some((output, plan.identity()));
        self
    }

    /// The folder of traces, and what identifies what is in it; none where nothing is traced.
    pub(crate) fn trace(&self) -> Option<(&Output, &str)> {
        let trace = self.trace.as_ref();
        trace.map(|(output, identity)| (output, identity.as_str()))
    }

    /// Where the export goes.
    pub fn export(&self) -> &ExportTarget {
        &self.export.target
    }

    /// What lies beside the export.
    pub fn beside(&self) -> &[Output] {
        &self.beside
    }

    /// All of them, the export first and the traces last.
    pub fn iter(&self) -> impl Iterator<Item = &Output> {
        let trace = self.trace.iter().map(|(output, _)| output);
        std::iter::once(&self.export)
            .chain(&self.beside)
            .chain(trace)
    }

    /// The fields by which the list and the report of duplicates name records.
    pub(crate) fn labels(&self) -> &[String] {
        &self.labels
    }

    /// Reads the key that the outputs are encrypted with; none if they are not.
    pub(crate) fn key(&self) -> Result<Option<FernetKey>> {
        Ok(self.key.as_ref().map(KeyPlace::load).transpose()?)
    }

    /// What may be replaced where they go.
    pub(crate) fn overwrite(&self) -> Overwrite {
        self.overwrite
    }

    /// The folder in which the recipe asks for what filters dropped, whether or not there is any filter.
    pub(crate) fn dropped_folder(&self) -> Option<&OutputFolder> {
        self.dropped.as_ref()
    }

    /// Whether there is something that drops records, and they are asked for.
    pub(crate) fn has_drops(&self) -> bool {
        let mut beside = self.beside.iter();
        beside.any(|one| matches!(one.content, Content::Dropped(_)))
    }
}

fn refused_place(recipe: &Recipe, key: &'static str, error: ExportError) -> Error {
    Error::of_key(recipe, key, full_message(&error))
}

impl Output {
    pub(crate) fn is_export(&self) -> bool {
        self.content == Content::Records
    }

    /// Returns whether it lies in the job's own folder, where it needs no proof of ownership.
    pub(crate) fn is_of_job(&self) -> bool {
        self.content == Content::Traces
    }

    /// Whether a path of the journal, or of another recipe, is where this output goes.
    pub(crate) fn is_at(&self, path: &str) -> bool {
        let own = match self.target.place() {
            OutputPlace::Url(place) => {
                let (own, path) = spelled_alike(place.url(), path);
                return own == path;
            }
            OutputPlace::Path(own) => own,
        };
        let path = path_text::read(path);
        match (real_place(&path), real_place(own)) {
            (Ok(one), Ok(other)) => one == other,
            _ => path == *own,
        }
    }

    /// A refusal of where it goes.
    pub(crate) fn refused(&self, reason: &str) -> Error {
        let what = match self.is_export() {
            true => "export path",
            false => "the file beside the export",
        };
        let place = self.target.place();
        Error::new(ErrorKind::Refused, format!("{what} `{place}` {reason}"))
    }
}
