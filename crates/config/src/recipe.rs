//! A recipe: everything that was asked, typed and with defaults.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use crate::builder::RecipeBuilder;
use crate::call::OperatorCall;
use crate::effect;
use crate::error::{Diagnostic, Error, Place, Result};
use crate::given::Given;
use crate::keys::{KeySpec, find};
use crate::overrides::Overrides;
use crate::settings::{
    CheckpointSettings, DatasetSettings, EventSettings, ExecutorSettings, ExportSettings,
    FailureSettings, FieldSettings, GeneralKeys, JobSettings, LimitSettings, PROCESS_KEYS,
    PartitionSettings, PathSettings, RetrySettings, StorageSettings, TraceSettings, compat_text,
};
use crate::yaml;

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
    /// The event log.
    pub events: EventSettings,
    /// Traces and alerts.
    pub trace: TraceSettings,
    /// The seed of every random choice. Recipe key: `seed`.
    pub seed: u64,
    /// Only the first so many records. Recipe key: `limit`.
    pub limit: Option<u64>,
    /// A system whose quirks are kept. Recipe key: `compat`.
    pub compat: Option<String>,
    /// The operators in their order. Recipe key: `process`.
    pub process: Vec<OperatorCall>,
    /// What was accepted but deserves a word.
    pub warnings: Vec<Diagnostic>,
    pub(crate) source_text: String,
    pub(crate) stem: String,
}

impl Recipe {
    /// Reads the recipe file `path` and nothing else.
    ///
    /// # Errors
    ///
    /// [`Error::Unreadable`] where the file cannot be read, [`Error::TooLarge`] beyond 4 MiB,
    /// [`Error::Syntax`] where it is not UTF-8, and all that [`Recipe::parse`] gives.
    pub fn load(path: &Path, overrides: &Overrides) -> Result<Self> {
        let origin = path.display().to_string();
        let bytes = read_bounded(path).map_err(|source| Error::Unreadable {
            path: path.to_path_buf(),
            source,
        })?;
        let text = String::from_utf8(bytes).map_err(|error| not_utf8(&error, &origin))?;
        Self::parse(&text, &origin, overrides)
    }

    /// Reads a recipe from text. `origin` names it in messages, and its stem is the default
    /// `project_name`.
    ///
    /// # Errors
    ///
    /// Any [`Error`] but [`Error::Unreadable`]; it names the key and its place.
    pub fn parse(text: &str, origin: &str, overrides: &Overrides) -> Result<Self> {
        Self::parse_named(text, origin, &file_stem(origin), overrides)
    }

    /// As [`Recipe::parse`], with a stem that is not taken from `origin`.
    pub(crate) fn parse_named(
        text: &str,
        origin: &str,
        stem: &str,
        overrides: &Overrides,
    ) -> Result<Self> {
        let document = yaml::parse(text, origin)?;
        let mut given = Given::collect(&document, overrides.entries(), origin)?;
        let process = read_process(&given)?;
        let general = GeneralKeys::read(&mut given)?;
        let storage = StorageSettings::read(&mut given)?;
        let mut recipe = Self {
            project_name: general.project_name.unwrap_or_else(|| stem.to_string()),
            dataset: DatasetSettings::read(&mut given)?,
            fields: FieldSettings::read(&mut given)?,
            export: ExportSettings::read(&mut given)?,
            executor: ExecutorSettings::read(&mut given)?,
            limits: LimitSettings::read(&mut given)?,
            paths: PathSettings::read(&mut given)?,
            job: JobSettings::read(&mut given)?,
            partition: PartitionSettings::read(&mut given)?,
            retry: RetrySettings::read(&mut given)?,
            failure: FailureSettings::read(&mut given)?,
            checkpoint: CheckpointSettings::read(&mut given, &storage)?,
            storage,
            events: EventSettings::read(&mut given)?,
            trace: TraceSettings::read(&mut given)?,
            seed: general.seed,
            limit: general.limit,
            compat: general.compat.map(compat_text),
            process,
            warnings: Vec::new(),
            source_text: text.to_string(),
            stem: reduced(stem),
        };
        effect::check(&recipe, &mut given)?;
        recipe.warnings = given.into_warnings();
        Ok(recipe)
    }

    /// A recipe made in code; see [`RecipeBuilder`].
    pub fn builder(
        dataset_path: impl Into<String>,
        export_path: impl Into<String>,
    ) -> RecipeBuilder {
        RecipeBuilder::new(dataset_path.into(), export_path.into())
    }

    /// The recipe as given, byte for byte; for a recipe made in code, the same in YAML.
    pub fn source_text(&self) -> &str {
        &self.source_text
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
            &mut self.paths.assets_dir,
            &mut self.export.dropped_dir,
        ];
        self.dataset
            .paths
            .iter_mut()
            .chain(std::iter::once(&mut self.export.path))
            .chain(optional.into_iter().flatten())
    }
}

impl PartialEq for Recipe {
    fn eq(&self, other: &Self) -> bool {
        self.written() == other.written() && self.process == other.process
    }
}

fn read_process(given: &Given) -> Result<Vec<OperatorCall>> {
    const PROCESS: &KeySpec = find(PROCESS_KEYS, "process");
    let Some((node, place)) = given.value_or_null(PROCESS) else {
        return Err(Error::Missing {
            key: PROCESS.name.to_string(),
            origin: given.origin().to_string(),
        });
    };
    if node.is_null() {
        return Ok(Vec::new());
    }
    let Some(entries) = node.as_list() else {
        return Err(Error::WrongType {
            key: PROCESS.name.to_string(),
            place: Place::new(place.origin.as_str(), node.span),
            expected: PROCESS.kind.to_string(),
            found: node.describe(),
        });
    };
    entries
        .iter()
        .map(|entry| OperatorCall::read(entry, &place.origin))
        .collect()
}

/// The file's bytes, one more than allowed at most: a recipe may be a pipe, whose length nobody knows.
fn read_bounded(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let limit = yaml::MAX_SIZE_BYTES as u64 + 1;
    File::open(path)?.take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn not_utf8(error: &std::string::FromUtf8Error, origin: &str) -> Error {
    if error.as_bytes().len() > yaml::MAX_SIZE_BYTES {
        return Error::TooLarge {
            place: Place::whole(origin),
            limit: format!("{} MiB", yaml::MAX_SIZE_BYTES >> 20),
        };
    }
    let at = error.utf8_error().valid_up_to();
    Error::Syntax {
        place: Place::whole(origin),
        message: format!("a recipe is UTF-8 text, and byte {at} is not (counted from 0)"),
    }
}

/// The stem of a file's name; `recipe` where there is none.
fn file_stem(origin: &str) -> String {
    let stem = Path::new(origin)
        .file_stem()
        .map(|stem| stem.to_string_lossy().into_owned());
    stem.filter(|stem| !stem.trim().is_empty())
        .unwrap_or_else(|| "recipe".to_string())
}

/// The name with every run of other characters made one `_`.
fn reduced(name: &str) -> String {
    const LONGEST: usize = 64;
    let mut out = String::new();
    for char in name.chars() {
        if char.is_ascii_alphanumeric() || matches!(char, '.' | '_' | '-') {
            out.push(char);
        } else if !out.ends_with('_') {
            out.push('_');
        }
    }
    out.truncate(LONGEST);
    if out.chars().any(|char| char.is_ascii_alphanumeric()) {
        out
    } else {
        "recipe".to_string()
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
    fn stems_are_fit_for_job_ids() {
        for (origin, expected) in [
            ("configs/demo.yaml", "demo"),
            ("my recipe (2).yaml", "my_recipe_2_"),
            ("配方.yaml", "recipe"),
            ("", "recipe"),
            ("..", "recipe"),
            ("a.b.yaml", "a.b"),
        ] {
            assert_eq!(reduced(&file_stem(origin)), expected, "{origin}");
        }
        assert_eq!(reduced(&"x".repeat(100)).len(), 64);
    }

    #[test]
    fn substitution_is_one_pass() {
        let names = [("{a}", "{b}"), ("{b}", "2")];
        assert_eq!(substituted("x{a}/{b}/{c}/{", &names), "x{b}/2/{c}/{");
    }
}
