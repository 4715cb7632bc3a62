//! `coldpress analyze`: the statistics of a dataset, without dropping anything.

use std::path::PathBuf;

use coldpress::config::Recipe;
use coldpress::executor::{Executor, text_filters};
use coldpress::job::{Layout, Status};
use coldpress::report::quantity::plain;
use coldpress::report::{
    Analysis, AnalysisOptions, Between, Limits, ReportOptions, analysis, job_report, render_report,
};
use coldpress::storage::{StoreSchemes, replace};

use super::process::{self, Running};
use super::report::write_page;
use crate::failure::{Failure, chain};
use crate::output;
use crate::recipe::{NO_FILE, RecipeArgs};

/// Compute the statistics of a recipe's filters over its dataset, without dropping anything
///
/// Shows how each statistic is distributed, and how many records each filter would keep. Mappers run as in the recipe;
/// deduplicators, selectors and groupers are passed over. It is a job like any other: it runs in parallel, and the same
/// command resumes it.
///
/// The folder `analysis` of the job then has `statistics.parquet` (a row per record, a column per statistic, and a column
/// per filter that says whether it would keep the record), `overall.csv` and `overall.md` as Data-Juicer's analyzer writes
/// them, and `analysis.json`.
///
/// Any recipe key is a flag: --np 4, --percentiles 0.05,0.95, --dataset_path data.jsonl. Exit codes are those of `process`.
#[derive(Debug, clap::Args)]
#[command(
    override_usage = "coldpress analyze --config <FILE> [OPTIONS] [--any.recipe.key VALUE ...]\n       \
                      coldpress analyze --auto --dataset_path <PATH> [OPTIONS]",
    mut_arg("config", |config| config
        .required(false)
        .required_unless_present("auto")
        .default_value_if("auto", clap::builder::ArgPredicate::IsPresent, Some(NO_FILE)))
)]
pub(super) struct Args {
    #[command(flatten)]
    pub(super) recipe: RecipeArgs,
    /// Run all text filters that need no model over the first records, without a recipe or with one that has no `process`
    #[arg(long)]
    auto: bool,
    /// The number of records that --auto looks at
    #[arg(long, value_name = "N", default_value_t = 1000, requires = "auto")]
    auto_num: u64,
    /// Suggest bounds for the filters at these percentiles, such as 5,95
    #[arg(long, value_name = "LOW,HIGH", value_parser = between)]
    suggest: Option<Between>,
    #[command(flatten)]
    running: Running,
    /// Write the report of the job to this file: a page that opens without a network, with the statistics first
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Print the analysis as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args, schemes: &StoreSchemes) -> Result<u8, Failure> {
    let mut given = args.recipe.clone();
    given.command = Some(command(args));
    let mut recipe = load(&given, args.auto)?;
    if args.auto {
        complete(&mut recipe, args)?;
    }
    let driven = process::drive(&given, recipe.into_analysis(), &args.running, schemes)?;
    process::tell_warnings(&driven.executor, &driven.report);
    match driven.report.status {
        Status::Completed | Status::CompletedWithFailures => {
            show(args, &driven.executor)?;
        }
        _ => output::print(&render_report(&driven.report))?,
    }
    Ok(driven.exit_code())
}

/// The command that resumes the analysis.
fn command(args: &Args) -> String {
    let mut command = "coldpress analyze".to_owned();
    if args.auto {
        command.push_str(" --auto");
        if args.auto_num != 1000 {
            command.push_str(&format!(" --auto-num {}", args.auto_num));
        }
    }
    command
}

/// Reads the recipe. An analysis exports nothing to `export_path`, so the key may be missing if there is no recipe file.
fn load(given: &RecipeArgs, auto: bool) -> Result<Recipe, Failure> {
    let mut given = given.clone();
    let names = |word: &std::ffi::OsString| {
        let word = word.to_string_lossy();
        word == "--export_path" || word.starts_with("--export_path=")
    };
    if auto && given.is_without_file() && !given.overrides.iter().any(names) {
        given.overrides.push("--export_path=auto.jsonl".into());
    }
    given.load()
}

/// Gives a recipe without operators all filters that need neither files nor parameters.
fn complete(recipe: &mut Recipe, args: &Args) -> Result<(), Failure> {
    if !recipe.process.is_empty() {
        return Err(Failure::usage(
            "--auto is for recipes without operators, and `process` has some; leave out one of them",
        ));
    }
    recipe.process = text_filters(&coldpress::ops::builtin());
    recipe.limit.get_or_insert(args.auto_num);
    Ok(())
}

fn show(args: &Args, executor: &Executor) -> Result<(), Failure> {
    let schemes = executor.schemes();
    let registry = coldpress::ops::builtin();
    let prepared = executor.prepared();
    let options = AnalysisOptions {
        registry: &registry,
        schemes,
        percentiles: &prepared.recipe.analysis.percentiles,
        passed_over: &prepared.passed_over,
        suggest: args.suggest,
    };
    let layout = executor.layout();
    let analysis = analysis(layout, &options)?;
    write_views(&analysis, layout)?;
    if let Some(path) = &args.html {
        let options = ReportOptions {
            registry: &registry,
            schemes,
            limits: Limits::default(),
        };
        write_page(&job_report(layout, &options)?, path)?;
    }
    if args.json {
        return output::print_json(&analysis);
    }
    let shown = plain(
        &layout
            .shown_path(&layout.analysis_dir())
            .display()
            .to_string(),
    );
    let mut text = analysis.render();
    text.push_str(&format!("\nFiles  {shown}\n"));
    let export = &prepared.recipe.export.path;
    if prepared.recipe.analysis.export_original_dataset {
        text.push_str(&format!("Output {}\n", plain(export)));
    }
    output::print(&text)
}

/// Writes the views of an analysis beside its statistics. They can be made again at any time.
fn write_views(analysis: &Analysis, layout: &Layout) -> Result<(), Failure> {
    let folder = layout.analysis_dir();
    std::fs::create_dir_all(&folder).map_err(|error| {
        Failure::failed(format!(
            "cannot make the folder {}: {error}",
            folder.display()
        ))
    })?;
    let json = serde_json::to_string_pretty(analysis)
        .map_err(|error| Failure::failed(format!("cannot write JSON: {error}")))?;
    for (name, text) in [
        ("overall.csv", analysis.overall_csv()),
        ("overall.md", analysis.overall_markdown()),
        ("analysis.json", json + "\n"),
    ] {
        let path = folder.join(name);
        replace(&path, text.as_bytes()).map_err(|error| {
            let path = path.display();
            Failure::failed(format!("cannot write {path}: {}", chain(&error)))
        })?;
        layout.put_view(&path)?;
    }
    Ok(())
}

/// Parses two percentiles, the lower one first.
fn between(text: &str) -> Result<Between, String> {
    let percentile = |text: &str| text.trim().parse::<f64>().ok();
    let read = text.split_once(',').and_then(|(low, high)| {
        Some(Between {
            low: percentile(low)? / 100.0,
            high: percentile(high)? / 100.0,
        })
    });
    let is_good = |one: &Between| 0.0 <= one.low && one.low < one.high && one.high <= 1.0;
    read.filter(is_good).ok_or_else(|| {
        "must be two percentiles from 0 to 100, the lower one first, as in 5,95".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_two_numbers_in_order() {
        let read = |text| between(text).ok().map(|one| (one.low, one.high));
        assert_eq!(read("5,95"), Some((0.05, 0.95)));
        assert_eq!(read("0, 99.5"), Some((0.0, 0.995)));
        for text in [
            "", "5", "95,5", "5,5", "-1,5", "5,101", "a,b", "NaN,5", "1,2,3",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
