//! A recipe: everything that was asked, typed and with defaults.

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

/// Everything that was asked: the settings of a recipe with its overrides and defaults, and its
/// operators.
///
/// Equality looks at settings and operators, not at warnings, places or the text they came from.
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
    /// How inputs and outputs are encrypted.
    pub encryption: EncryptionSettings,
    /// Who does the work.
    pub executor: ExecutorSettings,
    /// How much of the machine it may take.
    pub limits: LimitSettings,
    /// Where jobs live.
    pub paths: PathSettings,
    /// Which job this is.
    pub job: JobSettings,
    /// How the dataset is cut.
    pub partition: PartitionSettings,
    /// How failed attempts are repeated.
    pub retry: RetrySettings,
    /// What happens when something fails for good.
    pub failure: FailureSettings,
    /// Which progress is kept.
    pub checkpoint: CheckpointSettings,
    /// How files inside a job are stored.
    pub storage: StorageSettings,
    /// How what lies behind URLs is reached.
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
    /// Only the first so many records. Recipe key: `limit`.
    pub limit: Option<u64>,
    /// A system whose quirks are kept. Recipe key: `compat`.
    pub compat: Option<String>,
    /// The Python interpreter of operators in Python. Recipe key: `python`.
    pub python: Option<String>,
    /// The operators in their order. Recipe key: `process`.
    pub process: Vec<OperatorCall>,
    /// What was accepted but deserves a word.
    pub warnings: Vec<Diagnostic>,
    pub(crate) source_text: String,
    pub(crate) stem: String,
    /// Where the recipe's file gives each key, by the key's canonical name.
    pub(crate) places: BTreeMap<&'static str, GivenAt>,
    /// True if neither the ending of the export's path nor another key says its form.
    pub(crate) lacks_ending: bool,
}

impl Recipe {
    /// The recipe as given, byte for byte; for a recipe made in code, the same in YAML.
    pub fn source_text(&self) -> &str {
        &self.source_text
    }

    /// Returns where the recipe's file gives the value of a key, by the key's canonical name. None if it leaves the key out, or
    /// the command line has another value.
    #[must_use]
    pub fn place_of(&self, key: &str) -> Option<Span> {
        self.places.get(key).map(|given| given.span)
    }

    /// Returns how the recipe's file spells a key, by the key's canonical name; that name where the file leaves the key out.
    #[must_use]
    pub fn spelling_of<'r>(&'r self, key: &'r str) -> &'r str {
        self.places.get(key).map_or(key, |given| given.spelling)
    }

    /// Returns whether the path of the export was given without an ending, and nothing else said its form.
    #[must_use]
    pub fn export_lacks_ending(&self) -> bool {
        self.lacks_ending
    }

    /// The recipe file's stem for job ids: letters, digits, `.`, `_` and `-`, at most 64 of them, never
    /// empty.
    pub fn stem(&self) -> &str {
        &self.stem
    }

    /// Puts the values of `{work_dir}`, `{job_id}` and `{project_name}` into every path: dataset, export
    /// and all directories. `{work_dir}` stands for the setting `work_dir`. Other braces stay as they are.
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

    /// Every path but `work_dir`.
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

/// One pass from left to right, so that what is put in is not looked at again.
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
