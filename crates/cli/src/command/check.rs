//! `coldpress check`: everything that can be said about a recipe without running it.

mod differences;

use std::collections::BTreeSet;

use coldpress::dataset::Resolved;
use coldpress::executor::Prepared;
use coldpress::export::{ExportTarget, Standing};
use coldpress::job::{FieldsView, fields_view};
use coldpress::report::quantity::{bytes, counted, plain};
use coldpress::report::render_fields;
use coldpress::storage::StoreSchemes;

use crate::failure::{Failure, chain, code};
use crate::output;
use crate::recipe::RecipeArgs;

/// Check a recipe, its operators and its paths; nothing is written
#[derive(Debug, clap::Args)]
#[command(override_usage = "coldpress check --config <FILE> [--any.recipe.key VALUE ...]")]
pub(super) struct Args {
    #[command(flatten)]
    pub(super) recipe: RecipeArgs,
}

pub(super) fn run(args: &Args, schemes: &StoreSchemes) -> Result<u8, Failure> {
    let recipe = args.recipe.load()?;
    let source_text = recipe.source_text().to_owned();
    let executor = args
        .recipe
        .executor(recipe)
        .schemes(schemes.clone())
        .build();
    let executor = executor.map_err(|error| args.recipe.failure(error, &source_text))?;
    let prepared = executor.prepared();
    // A recipe is called fine once everything was looked at.
    let resolved = executor.dataset()?;
    let mixed = executor.check_mixing(&resolved);
    mixed.map_err(|error| args.recipe.failure(error, &source_text))?;
    let (dataset, fields) = dataset(prepared, &resolved)?;
    executor.check_outputs()?;
    let (operators, export) = (operators(prepared), export(prepared)?);
    let known = differences::Known {
        prepared,
        fields: &fields,
    };
    let differences = known.differences();
    output::print(&format!(
        "{operators}{dataset}{export}Jobs in    {}\n{differences}",
        plain(&prepared.recipe.paths.work_dir)
    ))?;
    Ok(code::DONE)
}

fn operators(prepared: &Prepared) -> String {
    let calls = &prepared.recipe.process;
    let mut text = format!(
        "Recipe     {}: fine\n",
        plain(&prepared.recipe.project_name)
    );
    let barriers = prepared.pipeline.barriers();
    text.push_str(&match barriers.len() + 1 {
        1 => format!("Operators  {}\n", calls.len()),
        stages => format!("Operators  {} in {stages} stages\n", calls.len()),
    });
    for (call, number) in calls.iter().zip(1_u32..) {
        let params: Vec<String> = call
            .params
            .iter()
            .map(|(key, node)| format!("{}={}", key.name, node.to_json()))
            .collect();
        let barrier = match barriers.contains(&(number - 1)) {
            true => "  [barrier]",
            false => "",
        };
        let checkpoint = match prepared.checkpoints.contains(&number) {
            true => "  [checkpoint]",
            false => "",
        };
        let operators = prepared.pipeline.operators();
        let system = operators
            .get(number as usize - 1)
            .and_then(|it| it.runs_in());
        let system = system.map_or_else(String::new, |system| format!("  [{system}]"));
        text.push_str(&format!(
            "     {number:>4}  {}{system}{barrier}{checkpoint}\n",
            plain(format!("{} {}", call.name, params.join(" ")).trim_end())
        ));
    }
    for note in prepared.pipeline.notes() {
        text.push_str(&format!("Note       {}\n", plain(&note)));
    }
    text.lines()
        .map(|line| format!("{}\n", line.trim_end()))
        .collect()
}

fn dataset(prepared: &Prepared, resolved: &Resolved) -> Result<(String, FieldsView), Failure> {
    let stored: u64 = resolved
        .sources
        .iter()
        .map(|source| source.identity.length)
        .sum();
    let files = resolved
        .sources
        .iter()
        .map(|source| source.members.len().max(1) as u64);
    let files = counted(files.sum(), "file");
    let formats: BTreeSet<&str> = resolved
        .sources
        .iter()
        .map(|source| source.format.name())
        .collect();
    let formats: Vec<&str> = formats.into_iter().collect();
    let mut text = format!(
        "Dataset    {files}, {}, {}\n",
        bytes(stored),
        listed(&formats)
    );
    let preview = prepared.preview(&resolved.sources)?;
    let unreadable = resolved.unreadable();
    if unreadable.len() == resolved.sources.len() + resolved.missing.len() {
        return Err(Failure::failed(format!(
            "none of the dataset's files can be read: {}",
            unreadable.join("; ")
        )));
    }
    let mixing = prepared.mixing_notes();
    let notes = resolved
        .notes
        .iter()
        .chain(&preview.warnings)
        .chain(&mixing);
    for note in notes.chain(&unreadable) {
        text.push_str(&format!("Note       {}\n", plain(note)));
    }
    let named = |source: u32| {
        let source = resolved.sources.get(source as usize);
        source.map_or_else(Default::default, |source| {
            (source.identity.path.clone(), source.is_columnar())
        })
    };
    let fields = fields_view(&preview.fields, false, named);
    text.push_str(&render_fields(&fields, 11));
    Ok((text, fields))
}

fn export(prepared: &Prepared) -> Result<String, Failure> {
    let mut text = format!("Output     {}\n", standing(prepared.outputs.export())?);
    for (output, at) in prepared.outputs.beside().iter().zip(0..) {
        let label = if at == 0 { "Beside it" } else { "" };
        let standing = standing(&output.target)?;
        text.push_str(&format!("{label:<11}{standing}\n"));
    }
    Ok(text)
}

/// What stands where an output goes, and what becomes of it.
fn standing(target: &ExportTarget) -> Result<String, Failure> {
    let path = target.place().to_string();
    let standing = target
        .standing()
        .map_err(|error| Failure::failed(chain(&error)))?;
    let what = match standing {
        Standing::Free => "is free".to_owned(),
        Standing::Ours(made) => format!("is replaced; job {} made it", made.job_id),
        _ => "is replaced, as `export_overwrite` says".to_owned(),
    };
    Ok(format!("{} {what}", plain(&path)))
}

/// Words as a list in a sentence: `a, b and c`.
fn listed(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
