//! `coldpress process`: runs a recipe, or resumes its job.

use std::time::{Duration, Instant};

use coldpress::config::Recipe;
use coldpress::executor::{Executor, Report};
use coldpress::job::Status;
use coldpress::report::quantity::{counted, grouped};
use coldpress::report::{render_report, render_unfinished};
use coldpress::storage::StoreSchemes;

use crate::failure::{Failure, code};
use crate::last_page;
use crate::output;
use crate::progress::ProgressDisplay;
use crate::recipe::RecipeArgs;
use crate::signals::Received;

/// Run a recipe, or resume its job
///
/// Any recipe key is a flag: --partition.size 500, --checkpoint.strategy every_op, --np=4.
///
/// Exit codes: 0 done; 1 failed; 2 wrong usage or recipe; 3 done, but a part of the input is not in the output;
/// 4 refused, because the job runs elsewhere, the input changed or the export is not ours; 5 nothing to resume;
/// 128+n stopped by signal n.
#[derive(Debug, clap::Args)]
#[command(
    override_usage = "coldpress process --config <FILE> [OPTIONS] [--any.recipe.key VALUE ...]"
)]
pub(super) struct Args {
    #[command(flatten)]
    pub(super) recipe: RecipeArgs,
    #[command(flatten)]
    running: Running,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

/// How a job is run.
#[derive(Debug, clap::Args)]
pub(super) struct Running {
    /// Start the job over, without using anything that it has done
    #[arg(long)]
    fresh: bool,
    /// Take the job over from another host that has died
    #[arg(long)]
    take_over: bool,
    /// Show no progress bar
    #[arg(long)]
    no_progress: bool,
}

pub(super) fn run(args: &Args, schemes: &StoreSchemes) -> Result<u8, Failure> {
    let recipe = args.recipe.load()?;
    let driven = drive(&args.recipe, recipe, &args.running, schemes)?;
    let (executor, report) = (&driven.executor, &driven.report);
    // A job that was done before has its page already.
    let has_page = report.already_complete && executor.layout().page().is_file();
    let page = match has_page {
        true => {
            let layout = executor.layout();
            last_page::line(&layout.shown_path(&layout.page()).display().to_string())
        }
        false => last_page::write(executor, driven.took),
    };
    tell(args, executor, report, &page)?;
    Ok(driven.exit_code())
}

/// A job that was run to its end.
pub(super) struct Driven {
    pub(super) executor: Executor,
    pub(super) report: Report,
    /// The time that it took.
    pub(super) took: Duration,
    received: Received,
}

impl Driven {
    pub(super) fn exit_code(&self) -> u8 {
        exit_code(&self.report, &self.received)
    }
}

/// Runs a recipe, or resumes its job, with a progress bar.
pub(super) fn drive(
    given: &RecipeArgs,
    recipe: Recipe,
    running: &Running,
    schemes: &StoreSchemes,
) -> Result<Driven, Failure> {
    let source_text = recipe.source_text().to_owned();
    let builder = given
        .executor(recipe)
        .schemes(schemes.clone())
        .fresh(running.fresh)
        .take_over(running.take_over);
    let executor = builder
        .build()
        .map_err(|error| given.failure(error, &source_text))?;
    let received = Received::watch(executor.stop_handle())?;
    let begun = Instant::now();
    let result = std::thread::scope(|scope| {
        let progress = ProgressDisplay::begin(scope, &executor, !running.no_progress);
        let result = executor.run();
        progress.end();
        result
    });
    match result {
        Ok(report) => Ok(Driven {
            took: begun.elapsed(),
            executor,
            report,
            received,
        }),
        Err(error) => {
            if let (Some(signal), true) = (received.signal(), executor.is_given_up()) {
                let message = format!(
                    "stopped while a store did not answer: {}",
                    error.full_message()
                );
                return Err(Failure::new(code::signal(signal), message));
            }
            let shown = matches!(error.kind(), coldpress::executor::ErrorKind::Failed);
            let failure = given.failure(error, &source_text);
            let standing = || {
                let standing = render_unfinished(executor.layout(), &executor.resumption_command());
                let warnings = new_warnings(&executor, &executor.warnings());
                let lines = warnings.iter().map(|warning| format!("{warning}\n"));
                let page = last_page::write(&executor, begun.elapsed());
                lines.collect::<String>() + &standing + &page
            };
            Err(if shown {
                failure.with_details(standing())
            } else {
                failure
            })
        }
    }
}

/// Prints to standard error what there is to say besides the report.
pub(super) fn tell_warnings(executor: &Executor, report: &Report) {
    for warning in new_warnings(executor, &report.warnings) {
        output::tell(&warning);
    }
    if report.status == Status::CompletedWithFailures {
        output::tell(&format!("error: {}", lacks(report)));
    }
}

fn tell(args: &Args, executor: &Executor, report: &Report, page: &str) -> Result<(), Failure> {
    tell_warnings(executor, report);
    let told = if args.json {
        output::print_json(report)
    } else {
        output::print(&(render_report(report) + page))
    };
    // The work is done: that nobody reads the report takes nothing from it.
    told.or_else(|failure| {
        if failure.is_closed() {
            Ok(())
        } else {
            Err(failure)
        }
    })
}

/// Why the exit code is not 0, for whoever does not read the report.
fn lacks(report: &Report) -> String {
    let failed = report.failed_partitions.len() as u64;
    let unreadable = report.unreadable.len() as u64;
    let mut parts = Vec::new();
    if failed > 0 {
        let all = counted(u64::from(report.partitions), "partition");
        parts.push(format!("{} of {all} failed", grouped(failed)));
    }
    if unreadable > 0 {
        let places = match unreadable {
            1 => "1 file or part of a file".to_owned(),
            more => format!("{} files or parts of files", grouped(more)),
        };
        parts.push(format!("{places} could not be read"));
    }
    let too_long = report.ledger.too_long;
    if too_long > 0 {
        let stretches = match too_long {
            1 => "1 stretch longer than `max_record_mb` was".to_owned(),
            more => format!(
                "{} stretches longer than `max_record_mb` were",
                grouped(more)
            ),
        };
        parts.push(format!(
            "{stretches} skipped and may have held many records"
        ));
    }
    format!(
        "a part of the input is not in the output: {}; the report names each",
        parts.join(", ")
    )
}

/// The lines of warnings that were not told when the recipe was read.
fn new_warnings(executor: &Executor, warnings: &[String]) -> Vec<String> {
    let known = &executor.prepared().recipe.warnings;
    let is_new = |warning: &&String| !known.iter().any(|known| known.message == **warning);
    let line = |warning: &String| {
        let text = coldpress::report::quantity::plain(warning);
        format!("warning: {text}")
    };
    warnings.iter().filter(is_new).map(line).collect()
}

fn exit_code(report: &Report, received: &Received) -> u8 {
    match (report.status, received.signal()) {
        (Status::Completed, _) => code::DONE,
        (Status::CompletedWithFailures, _) => code::PARTLY,
        (Status::Stopped, Some(signal)) => code::signal(signal),
        _ => code::FAILED,
    }
}
