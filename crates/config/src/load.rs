//! Loads a [`Recipe`] from the text of a recipe.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use crate::call::OperatorCall;
use crate::effect;
use crate::error::{Error, Place, Result};
use crate::given::Given;
use crate::keys::{KeySpec, find};
use crate::overrides::Overrides;
use crate::recipe::Recipe;
use crate::secrets::without_secrets;
use crate::settings::{
    AlertSettings, AnalysisSettings, CheckpointSettings, DatasetSettings, EncryptionSettings,
    EventSettings, ExecutorSettings, ExportSettings, FailureSettings, FieldSettings, GeneralKeys,
    JobSettings, KEYS, LimitSettings, LineageSettings, OtlpSettings, PROCESS_KEYS,
    PartitionSettings, PathSettings, RemoteSettings, RetrySettings, StorageSettings, TraceSettings,
    compat_text,
};
use crate::unused_options;
use crate::yaml;

impl Recipe {
    /// Reads the recipe file `path` and nothing else.
    ///
    /// # Errors
    ///
    /// [`Error::Unreadable`] if the file cannot be read, [`Error::TooLarge`] beyond 4 MiB, [`Error::Syntax`] if it is not UTF-8,
    /// and all errors of [`Recipe::parse`].
    pub fn load(path: &Path, overrides: &Overrides) -> Result<Self> {
        let origin = path.display().to_string();
        let bytes = read_bounded(path).map_err(|source| Error::Unreadable {
            path: path.to_path_buf(),
            source,
        })?;
        let text = String::from_utf8(bytes).map_err(|error| not_utf8(&error, &origin))?;
        Self::parse(&text, &origin, overrides)
    }

    /// Reads a recipe from text. `origin` names it in messages, and its stem is the default `project_name`.
    ///
    /// # Errors
    ///
    /// Any [`Error`] except [`Error::Unreadable`]; it names the key and its place.
    pub fn parse(text: &str, origin: &str, overrides: &Overrides) -> Result<Self> {
        Self::parse_named(text, origin, &file_stem(origin), overrides)
    }

    /// Does the same as [`Recipe::parse`], with a stem that isn't taken from `origin`.
    pub(crate) fn parse_named(
        text: &str,
        origin: &str,
        stem: &str,
        overrides: &Overrides,
    ) -> Result<Self> {
        let document = yaml::parse(text, origin)?;
        let mut given = Given::collect(KEYS, &document, overrides.entries(), origin)?;
        let process = read_process(&given)?;
        let general = GeneralKeys::read(&mut given)?;
        let storage = StorageSettings::read(&mut given)?;
        let mut recipe = Self {
            project_name: general.project_name.unwrap_or_else(|| stem.to_string()),
            dataset: DatasetSettings::read(&mut given)?,
            fields: FieldSettings::read(&mut given)?,
            export: ExportSettings::read(&mut given)?,
            encryption: EncryptionSettings::read(&mut given)?,
            executor: ExecutorSettings::read(&mut given)?,
            limits: LimitSettings::read(&mut given)?,
            paths: PathSettings::read(&mut given)?,
            job: JobSettings::read(&mut given)?,
            partition: PartitionSettings::read(&mut given)?,
            retry: RetrySettings::read(&mut given)?,
            failure: FailureSettings::read(&mut given)?,
            checkpoint: CheckpointSettings::read(&mut given, &storage)?,
            storage,
            remote: RemoteSettings::read(&mut given)?,
            events: EventSettings::read(&mut given)?,
            trace: TraceSettings::read(&mut given)?,
            alerts: AlertSettings::read(&mut given)?,
            lineage: LineageSettings::read(&mut given)?,
            otlp: OtlpSettings::read(&mut given)?,
            analysis: AnalysisSettings::read(&mut given)?,
            seed: general.seed,
            limit: general.limit,
            compat: general.compat.map(compat_text),
            python: general.python,
            custom_operators: general.custom_operators,
            process,
            warnings: Vec::new(),
            source_text: text.to_string(),
            stem: reduced(stem),
            places: given.places(),
            lacks_ending: false,
        };
        recipe.source_text = without_secrets(text, &document).unwrap_or_else(|| recipe.to_yaml());
        effect::settle_export(&mut recipe, &mut given);
        effect::check(&recipe, &mut given)?;
        unused_options::check(&recipe, &mut given);
        recipe.warnings = given.into_warnings();
        Ok(recipe)
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

/// Reads the file, up to one byte more than allowed. A recipe may be a pipe, whose length isn't known in advance.
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

/// Returns the stem of a file's name; `recipe` if it has none.
fn file_stem(origin: &str) -> String {
    let stem = Path::new(origin)
        .file_stem()
        .map(|stem| stem.to_string_lossy().into_owned());
    stem.filter(|stem| !stem.trim().is_empty())
        .unwrap_or_else(|| "recipe".to_string())
}

/// Returns the name with every run of other characters replaced by one `_`.
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
}
