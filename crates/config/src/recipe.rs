//! A recipe with typed settings and defaults.

use std::collections::BTreeMap;

use crate::call::OperatorCall;
use crate::error::Diagnostic;
use crate::given::GivenAt;
use crate::node::Span;
use crate::settings::{
    AlertSettings, AnalysisSettings, CheckpointSettings, DatasetSettings, EncryptionSettings,
    EventSettings, ExecutorSettings, ExportSettings, FailureSettings, FieldSettings, JobSettings,
    LimitSettings, LineageSettings, OtlpSettings, PartitionSettings, PathSettings, RemoteSettings,
    RetrySettings, StorageSettings, TraceSettings,
};

/// The settings of a recipe with its overrides and defaults, and its operators.
///
/// Equality compares settings and operators, and ignores warnings, places and the source text.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Recipe {
    /// A name for reports. Recipe key: `project_name`.
    pub project_name: String,
    /// The input.
    pub dataset: DatasetSettings,
    /// The fields that operators work on.
    pub fields: FieldSettings,
    /// The output.
    pub export: ExportSettings,
    /// The encryption of inputs and outputs.
    pub encryption: EncryptionSettings,
    /// The workers.
    pub executor: ExecutorSettings,
    /// The limits on the use of the machine.
    pub limits: LimitSettings,
    /// The directories of jobs.
    pub paths: PathSettings,
    /// The identity of the job.
    pub job: JobSettings,
    /// The partitioning of the dataset.
    pub partition: PartitionSettings,
    /// The retries of failed attempts.
    pub retry: RetrySettings,
    /// The consequences of permanent failures.
    pub failure: FailureSettings,
    /// The checkpoints.
    pub checkpoint: CheckpointSettings,
    /// The storage of files inside a job.
    pub storage: StorageSettings,
    /// The access to stores behind URLs.
    pub remote: RemoteSettings,
    /// The event log.
    pub events: EventSettings,
    /// Traces.
    pub trace: TraceSettings,
    /// Alerts.
    pub alerts: AlertSettings,
    /// Lineage.
    pub lineage: LineageSettings,
    /// Spans for collectors.
    pub otlp: OtlpSettings,
    /// Analyses of the dataset.
    pub analysis: AnalysisSettings,
    /// The seed of every random choice. Recipe key: `seed`.
    pub seed: u64,
    /// The number of records to process, from the first on. Recipe key: `limit`.
    pub limit: Option<u64>,
    /// The system whose quirks are kept: `data_juicer`, or `python` to run operators in its package. Recipe key: `compat`.
    pub compat: Option<String>,
    /// The Python interpreter of operators in Python. Recipe key: `python`.
    pub python: Option<String>,
    /// Files and packages with operators for Data-Juicer. Recipe key: `custom_operator_paths`.
    pub custom_operators: Vec<String>,
    /// The operators in their order. Recipe key: `process`.
    pub process: Vec<OperatorCall>,
    /// Warnings about accepted settings.
    pub warnings: Vec<Diagnostic>,
    pub(crate) source_text: String,
    pub(crate) stem: String,
    /// The place where the recipe's file gives each key, by the key's canonical name.
    pub(crate) places: BTreeMap<&'static str, GivenAt>,
    /// True if neither the extension of the export's path nor another key gives its format.
    pub(crate) lacks_ending: bool,
}

impl Recipe {
    /// Returns the recipe as given, byte for byte. For a recipe made in code, this is its YAML.
    pub fn source_text(&self) -> &str {
        &self.source_text
    }

    /// Returns the place where the recipe's file gives the value of a key, by the key's canonical name. `None` if the file leaves
    /// the key out, or the command line has another value.
    #[must_use]
    pub fn place_of(&self, key: &str) -> Option<Span> {
        self.places.get(key).map(|given| given.span)
    }

    /// Returns the spelling of a key in the recipe's file, by the key's canonical name; that name if the file leaves the key out.
    #[must_use]
    pub fn spelling_of<'r>(&'r self, key: &'r str) -> &'r str {
        self.places.get(key).map_or(key, |given| given.spelling)
    }

    /// Returns whether the path of the export was given without an extension, and nothing else gave its format.
    #[must_use]
    pub fn export_lacks_ending(&self) -> bool {
        self.lacks_ending
    }

    /// Returns the recipe file's stem for job ids: letters, digits, `.`, `_` and `-`, at most 64 of them, never empty.
    pub fn stem(&self) -> &str {
        &self.stem
    }

    /// Replaces `{work_dir}`, `{job_id}` and `{project_name}` in every path: dataset, export and all directories. `{work_dir}` is
    /// the setting `work_dir`. Other braces stay as they are.
    ///
    /// ```
    /// use coldpress_config::Recipe;
    /// let mut recipe = Recipe::builder("in.jsonl", "{work_dir}/{job_id}/out.jsonl").build()?;
    /// recipe.paths.work_dir = "jobs".to_string();
    /// recipe.substitute("job_1");
    /// assert_eq!(recipe.export.path, "jobs/job_1/out.jsonl");
    /// # Ok::<(), coldpress_config::Error>(())
    /// ```
    pub fn substitute(&mut self, job_id: &str) {
        let project_name = self.project_name.clone();
        let names = [
            ("{job_id}", job_id),
            ("{project_name}", project_name.as_str()),
        ];
        self.paths.work_dir = substituted(&self.paths.work_dir, &names);
        let work_dir = self.paths.work_dir.clone();
        let names = [names[0], names[1], ("{work_dir}", work_dir.as_str())];
        for path in self.dependent_paths() {
            *path = substituted(path, &names);
        }
    }

    /// Returns every path except `work_dir`.
    fn dependent_paths(&mut self) -> impl Iterator<Item = &mut String> {
        let optional = [
            &mut self.paths.event_log_dir,
            &mut self.paths.checkpoint_dir,
            &mut self.paths.partition_dir,
            &mut self.paths.scratch_dir,
            &mut self.paths.assets_dir,
            &mut self.export.dropped_dir,
            &mut self.export.duplicates_path,
            &mut self.encryption.key_path,
            &mut self.events.metrics_path,
        ];
        self.dataset
            .inputs
            .iter_mut()
            .map(|input| &mut input.path)
            .chain(std::iter::once(&mut self.export.path))
            .chain(optional.into_iter().flatten())
    }
}

/// Replaces the names in one pass from left to right, so that replacements are not searched again.
fn substituted(text: &str, names: &[(&str, &str)]) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        match names.iter().find(|(name, _)| rest.starts_with(name)) {
            Some((name, value)) => {
                out.push_str(value);
                rest = &rest[name.len()..];
            }
            None => {
                out.push('{');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn substitution_is_one_pass() {
        let names = [("{a}", "{b}"), ("{b}", "2")];
        assert_eq!(substituted("x{a}/{b}/{c}/{", &names), "x{b}/2/{c}/{");
    }
}
