//! `coldpress report`: everything about a job.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use coldpress::report::quantity::{bytes, plain};
use coldpress::report::{
    JobReport, Limits, ReportOptions, compare, job_report, render_comparison_page, render_page,
};
use coldpress::storage::{StoreSchemes, open_file, replace};

use serde::Serialize;

use super::monitor::code_with;
use crate::failure::{Failure, chain, code};
use crate::jobs::BaseDir;
use crate::output;

/// Show everything about a job: as text, as JSON, or as a page for a browser
///
/// The report shows the fate of the records at each operator, where the time went, how the statistics of filters are
/// distributed, what failed and what may help. It works on jobs that run, are done, failed, were stopped or killed.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The job's id or URL
    job: String,
    #[command(flatten)]
    base: BaseDir,
    /// Compare it with this job: recipes, inputs, counts and time side by side
    #[arg(long, value_name = "JOB2")]
    compare: Option<String>,
    /// Write the page to this file, with its data inside; it opens without a network
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Print it as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args, schemes: &StoreSchemes) -> Result<u8, Failure> {
    let layout = args.base.find(&args.job, schemes)?;
    let registry = coldpress::ops::builtin();
    let options = ReportOptions {
        registry: &registry,
        schemes,
        limits: Limits::default(),
    };
    let report = job_report(&layout, &options)?;
    if let Some(other) = &args.compare {
        let other = job_report(&args.base.find(other, schemes)?, &options)?;
        let comparison = compare(&report, &other);
        if let Some(path) = &args.html {
            let jobs = comparison.jobs.each_ref().map(|job| plain(&job.job_id));
            let name = format!("jobs {}", jobs.join(" and "));
            write(path, &name, render_comparison_page(&comparison))?;
        }
        show(args, &comparison, || comparison.render())?;
        let damage = report.damage.or(other.damage);
        return Ok(code_with(damage.as_deref()));
    }
    if let Some(path) = &args.html {
        write_page(&report, path)?;
    }
    show(args, &report, || report.render())?;
    Ok(code_with(report.damage.as_deref()))
}

/// Prints as JSON, or as text where no page was asked for.
fn show(args: &Args, view: &impl Serialize, text: impl Fn() -> String) -> Result<(), Failure> {
    match (args.json, &args.html) {
        (true, _) => output::print_json(view)?,
        (false, None) => output::print(&text())?,
        (false, Some(_)) => {}
    }
    Ok(())
}

/// Only a page that was written before is replaced: a slip must not cost a recipe, or a device.
fn check_replaceable(path: &Path) -> Result<(), Failure> {
    const PAGE_BEGINS: &[u8] = b"<!doctype html>";
    let shown = plain(&path.display().to_string());
    let Ok(found) = std::fs::symlink_metadata(path) else {
        return Ok(());
    };
    if found.is_dir() {
        let message = format!("--html: {shown} is a folder; name a file in it");
        return Err(Failure::usage(message));
    }
    let mut first = [0; PAGE_BEGINS.len()];
    let opened = open_file(path).ok().filter(|_| found.is_file());
    let is_page = opened.is_some_and(|mut file| {
        file.read_exact(&mut first).is_ok() && first.eq_ignore_ascii_case(PAGE_BEGINS)
    });
    match is_page || (found.is_file() && found.len() == 0) {
        true => Ok(()),
        false => Err(Failure::new(
            code::REFUSED,
            format!(
                "--html: {shown} is there already and is no page; remove it, or name another file"
            ),
        )),
    }
}

/// Writes the page in one step: a reader finds the old file or the new one.
pub(super) fn write_page(report: &JobReport, path: &Path) -> Result<(), Failure> {
    let name = format!("job {}", report.overview.job_id);
    write(path, &name, render_page(report))
}

fn write(path: &Path, name: &str, page: serde_json::Result<String>) -> Result<(), Failure> {
    check_replaceable(path)?;
    let page = page.map_err(|error| Failure::failed(format!("cannot write JSON: {error}")))?;
    if let Some(folder) = path.parent().filter(|one| !one.as_os_str().is_empty())
        && !folder.exists()
    {
        return Err(Failure::failed(format!(
            "cannot write the page {}: there is no folder {}",
            plain(&path.display().to_string()),
            plain(&folder.display().to_string())
        )));
    }
    replace(path, page.as_bytes()).map_err(|error| {
        let path = path.display();
        Failure::failed(format!("cannot write the page {path}: {}", chain(&error)))
    })?;
    let (path, size) = (plain(&path.display().to_string()), bytes(page.len() as u64));
    output::tell(&format!("page of {name}: {path} ({size})"));
    Ok(())
}
