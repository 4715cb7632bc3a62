//! The outputs that a recipe asks for.

use std::path::Path;

use coldpress_config::{Overwrite, Recipe};
use coldpress_export::ExportTarget;
use coldpress_operator::Pipeline;
use coldpress_storage::{FernetKey, KeyPlace, real_place};

use super::path_text;
use crate::encryption::key_of_outputs;
use crate::error::{Error, ErrorKind, Result};
use crate::labels::label_fields;
use crate::trace::TracePlan;

/// The outputs of a job: the export, and what lies beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outputs {
    export: Output,
    beside: Vec<Output>,
    /// The folder of traces, and what identifies what is in it.
    trace: Option<(Output, String)>,
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
    pub(crate) fn of(recipe: &Recipe, pipeline: &Pipeline, export: ExportTarget) -> Self {
        let mut beside = Vec::new();
        // Data-Juicer writes them whenever there are any.
        let of_compat = recipe.compat.is_some() && !pipeline.stats().is_empty();
        if recipe.export.stats.unwrap_or(of_compat) {
            beside.push(Output {
                target: ExportTarget::lines(export.stats_path()),
                content: Content::Stats,
            });
        }
        if let Some(folder) = &recipe.export.dropped_dir {
            let operators = pipeline.operators().iter().zip(0..);
            let drops = operators.filter(|(operator, _)| operator.kind().drops());
            beside.extend(drops.map(|(operator, operation)| {
                let name = format!("op_{operation:03}_{}.jsonl", operator.name());
                Output {
                    target: ExportTarget::lines(Path::new(folder).join(name)),
                    content: Content::Dropped(operation),
                }
            }));
        }
        let operators = pipeline.operators().iter().zip(0..);
        beside.extend(operators.filter_map(|(operator, operation)| {
            Some(Output {
                target: ExportTarget::lines(operator.aside()?),
                content: Content::Aside(operation),
            })
        }));
        if let Some(path) = &recipe.export.duplicates_path {
            beside.push(Output {
                target: ExportTarget::lines(path),
                content: Content::Duplicates,
            });
        }
        Self {
            export: Output {
                target: export,
                content: Content::Records,
            },
            beside,
            trace: None,
            overwrite: recipe.export.overwrite,
            labels: match pipeline.barriers().is_empty() {
                true => Vec::new(),
                false => label_fields(recipe),
            },
            key: key_of_outputs(recipe),
        }
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

    /// The folder of what filters dropped, where there is any.
    pub(crate) fn dropped_folder(&self) -> Option<&Path> {
        let mut beside = self.beside.iter();
        let dropped = beside.find(|one| matches!(one.content, Content::Dropped(_)))?;
        Some(dropped.target.folder())
    }
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
        let path = path_text::read(path);
        match (real_place(&path), real_place(self.target.path())) {
            (Ok(one), Ok(other)) => one == other,
            _ => path == self.target.path(),
        }
    }

    /// A refusal of where it goes.
    pub(crate) fn refused(&self, reason: &str) -> Error {
        let what = match self.is_export() {
            true => "export path",
            false => "the file beside the export",
        };
        let path = self.target.path().display();
        Error::new(ErrorKind::Refused, format!("{what} `{path}` {reason}"))
    }
}
