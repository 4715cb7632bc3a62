//! Checks for settings that are not available yet, beyond what the table entry of a single key can express.
//!
//! The rule: a setting that would change which records come out is an error, and one that only changes how they are made is a
//! warning.

use crate::error::{Error, Result};
use crate::given::Given;
use crate::location::scheme;
use crate::recipe::Recipe;
use crate::settings::{StorageCompression, StorageFormat, Strategy};
use crate::suggest;

/// Checks a whole recipe, and adds warnings to `given`.
pub(crate) fn check(recipe: &Recipe, given: &mut Given) -> Result<()> {
    check_executor(recipe, given)?;
    check_export(recipe, given)?;
    check_delimiter(recipe, given)?;
    check_weights(recipe, given)?;
    check_work_dir(recipe, given)?;
    check_manual_checkpoints(recipe, given);
    check_traced_operators(recipe, given);
    check_samples(recipe, given);
    check_compressions(recipe, given);
    Ok(())
}

fn check_executor(recipe: &Recipe, given: &Given) -> Result<()> {
    if !recipe.executor.kind.is_ray() {
        return Ok(());
    }
    let address = recipe.executor.ray_address.as_str();
    let host_and_port = address.strip_prefix("ray://").unwrap_or(address);
    let is_address = host_and_port.rsplit_once(':').is_some_and(|(host, port)| {
        !host.is_empty() && !host.contains('/') && port.parse::<u16>().is_ok()
    });
    if matches!(address, "auto" | "local") || is_address {
        return Ok(());
    }
    let expected = "`auto`, `local`, `host:port` or `ray://host:port`";
    Err(out_of_range(given, "ray_address", expected, address))
}

/// The formats of exports; the first five can be compressed.
const FORMS: [&str; 8] = [
    "jsonl", "ndjson", "json", "csv", "tsv", "parquet", "arrow", "feather",
];

/// Warns if a format doesn't support the chosen compression. The nearest one is used instead.
fn check_compressions(recipe: &Recipe, given: &mut Given) {
    let (checkpoint, storage) = (&recipe.checkpoint, &recipe.storage);
    for (key, format, asked) in [
        (
            "checkpoint.compression",
            checkpoint.format,
            checkpoint.compression,
        ),
        (
            "intermediate_storage.compression",
            storage.format,
            storage.compression,
        ),
    ] {
        let used = match (format, asked) {
            (StorageFormat::Arrow, StorageCompression::Snappy) => "lz4",
            (StorageFormat::Arrow, StorageCompression::Gzip)
            | (StorageFormat::Jsonl, StorageCompression::Snappy | StorageCompression::Lz4) => {
                "zstd"
            }
            _ => continue,
        };
        if given.is_given(key) {
            let (name, place) = given.place(key);
            let message = format!("`{name}`: {format} files have no {asked}, `{used}` is used");
            given.warn(&place, message, None);
        }
    }
}

/// Warns if tracing is on but no samples are wanted.
fn check_samples(recipe: &Recipe, given: &mut Given) {
    if recipe.trace.enabled && recipe.trace.samples == 0 {
        let (key, place) = given.place("trace_num");
        let message = format!("`{key}: 0`: no record is traced, although `open_tracer` is true");
        given.warn(&place, message, None);
    }
}

/// Decides the format of an export path without an extension. It is the one of Data-Juicer's Ray executors: JSON lines, and for
/// these executors a directory of shards. Data-Juicer's default executor refuses such a path.
pub(crate) fn settle_export(recipe: &mut Recipe, given: &mut Given) {
    let export = &mut recipe.export;
    let name = export.path.rsplit('/').next().unwrap_or_default();
    let has_ending = name.is_empty() || name.trim_start_matches('.').contains('.');
    if export.export_type.is_some() || has_ending || scheme(&export.path).is_some() {
        return;
    }
    let path = export.path.clone();
    let what = match recipe.executor.kind.is_ray() {
        true => {
            export.path.push('/');
            "a directory of shards with JSON lines"
        }
        false => "a file with JSON lines",
    };
    export.export_type = Some("jsonl".to_owned());
    recipe.lacks_ending = true;
    let (key, place) = given.value_place("export_path");
    let message = format!(
        "`{key}: {path}` has no ending: it becomes {what}; name the form with an ending such as `.jsonl`, or with `export_type`"
    );
    given.warn(&place, message, None);
}

fn check_export(recipe: &Recipe, given: &Given) -> Result<()> {
    let path = recipe.export.path.to_ascii_lowercase();
    if let Some(format) = &recipe.export.export_type {
        let known = is_form(&format.to_ascii_lowercase());
        let expected = "`jsonl`, `json`, `csv` or `tsv`, each also with `.gz` or `.zst`, `parquet`, `arrow` or `feather`";
        return known
            .then_some(())
            .ok_or_else(|| out_of_range(given, "export_type", expected, format));
    }
    if form_of_path(&path).is_some() {
        return Ok(());
    }
    let expected = "a path that ends in `.jsonl`, `.json`, `.csv` or `.tsv`, each also with `.gz` or `.zst`, in `.parquet`, `.arrow`, `.feather` or `/`, unless `export_type` is given";
    Err(out_of_range(
        given,
        "export_path",
        expected,
        &recipe.export.path,
    ))
}

/// Returns the form that an export path has where `export_type` names none; none if its ending is that of no form.
///
/// ```
/// use coldpress_config::form_of_path;
///
/// assert_eq!(form_of_path("out/a.b.jsonl.gz").as_deref(), Some("jsonl.gz"));
/// assert_eq!(form_of_path("out/shards/").as_deref(), Some("jsonl"));
/// assert_eq!(form_of_path("out/clean"), None);
/// ```
#[must_use]
pub fn form_of_path(path: &str) -> Option<String> {
    let path = path.to_ascii_lowercase();
    if path.ends_with('/') {
        return Some("jsonl".to_owned());
    }
    let name = path.rsplit('/').next().unwrap_or_default();
    let mut endings = name.match_indices('.').map(|(at, _)| &name[at + 1..]);
    endings.find(|ending| is_form(ending)).map(str::to_owned)
}

/// Returns whether `form` is one of [`FORMS`], with a compression where that makes sense.
fn is_form(form: &str) -> bool {
    let packed = form
        .strip_suffix(".gz")
        .or_else(|| form.strip_suffix(".zst"));
    match packed {
        Some(unpacked) => FORMS[..5].contains(&unpacked),
        None => FORMS.contains(&form),
    }
}

/// Checks that the separator and the escape character of CSV, if given, are one byte each.
fn check_delimiter(recipe: &Recipe, given: &Given) -> Result<()> {
    let dataset = &recipe.dataset;
    for (key, text, byte) in [
        (
            "load_dataset_kwargs.delimiter",
            &dataset.delimiter,
            dataset.delimiter_byte(),
        ),
        (
            "load_dataset_kwargs.escape",
            &dataset.escape,
            dataset.escape_byte(),
        ),
    ] {
        if let (Some(text), None) = (text, byte) {
            let expected = "one ASCII character other than a quote or a line end";
            return Err(out_of_range(given, key, expected, text));
        }
    }
    Ok(())
}

/// Checks the weights. Without any records there is nothing to do, and nothing to take a share of.
fn check_weights(recipe: &Recipe, given: &Given) -> Result<()> {
    let mut inputs = recipe.dataset.inputs.iter();
    if inputs.all(|input| input.weight == 0.0) {
        let (key, place) = given.value_place("dataset_path");
        return Err(Error::NothingComesIn { key, place });
    }
    Ok(())
}

fn check_work_dir(recipe: &Recipe, given: &Given) -> Result<()> {
    if recipe.paths.work_dir.contains("{work_dir}") {
        return Err(out_of_range(
            given,
            "work_dir",
            "a path without `{work_dir}` in it",
            &recipe.paths.work_dir,
        ));
    }
    Ok(())
}

/// Checks the names of operators with manual checkpoints. An unknown name would silently mean fewer checkpoints than requested.
fn check_manual_checkpoints(recipe: &Recipe, given: &mut Given) {
    let Strategy::Manual(names) = &recipe.checkpoint.strategy else {
        return;
    };
    if names.is_empty() {
        let (key, place) = given.place("checkpoint.strategy");
        let message = format!(
            "`{key}` is `manual` and `checkpoint.op_names` is empty: no checkpoint will be written"
        );
        given.warn(&place, message, None);
    }
    warn_of_unknown("checkpoint.op_names", names, recipe, given);
}

/// Checks the names of traced operators. An unknown name would silently mean fewer traces than requested.
fn check_traced_operators(recipe: &Recipe, given: &mut Given) {
    warn_of_unknown("op_list_to_trace", &recipe.trace.op_names, recipe, given);
}

/// Warns about names in a list of operators that the recipe doesn't have.
fn warn_of_unknown(key: &'static str, names: &[String], recipe: &Recipe, given: &mut Given) {
    let operators: Vec<&str> = recipe
        .process
        .iter()
        .map(|call| call.name.as_str())
        .collect();
    let (key, place) = given.place(key);
    for name in names
        .iter()
        .filter(|name| !operators.contains(&name.as_str()))
    {
        let nearest = suggest::nearest(name, operators.iter().copied());
        let help = nearest.map(|nearest| format!("did you mean `{nearest}`?"));
        let message = format!("`{key}` names `{name}`, which is not in `process`");
        given.warn(&place, message, help.as_deref());
    }
}

fn out_of_range(given: &Given, name: &str, expected: &str, found: &str) -> Error {
    let (key, place) = given.value_place(name);
    Error::OutOfRange {
        key,
        place,
        expected: expected.to_string(),
        found: format!("`{found}`"),
    }
}
