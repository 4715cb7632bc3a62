//! `coldpress monitor`: how a job stands.

use std::time::Duration;

use coldpress::events::time::{format_utc, now_seconds};
use coldpress::job::{Layout, Liveness};
use coldpress::report::{FirstLook, JobWatch, Look, first_look, monitor};
use coldpress::storage::StoreSchemes;

use crate::failure::{Failure, code};
use crate::jobs::BaseDir;
use crate::output;
use crate::terminal;

/// Show how far a job is
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The job's id or URL
    job: String,
    #[command(flatten)]
    base: BaseDir,
    /// List every partition, the work of each operator and every checkpoint
    #[arg(long)]
    detailed: bool,
    /// Keep showing it until the job ends: in place on a terminal, else a line at a time. The exit code is 0 if it is done, 3 if
    /// a part of the input is not in the output, 1 if it failed, was stopped or was interrupted
    #[arg(long)]
    watch: bool,
    /// Seconds between updates
    #[arg(long, value_name = "SECONDS", default_value_t = 10.0, value_parser = seconds)]
    interval: f64,
    /// Print it as JSON
    #[arg(long, conflicts_with = "watch")]
    json: bool,
}

pub(super) fn run(args: &Args, schemes: &StoreSchemes) -> Result<u8, Failure> {
    let layout = args.base.find(&args.job, schemes)?;
    if args.watch {
        layout.keep_fresh()?;
        return watch(args, &layout);
    }
    let damage = match args.json {
        true => {
            let view = monitor(&layout)?;
            output::print_json(&view)?;
            view.damage
        }
        false => {
            let look = match args.detailed {
                true => FirstLook::Whole(Box::new(monitor(&layout)?)),
                false => first_look(&layout)?,
            };
            output::print(&text(&look, terminal::look(), args.detailed))?;
            damage_of(&look).map(str::to_owned)
        }
    };
    Ok(code_with(damage.as_deref()))
}

/// Shows the job until its driver has gone; the last view shows how it ended.
fn watch(args: &Args, layout: &Layout) -> Result<u8, Failure> {
    let in_place = terminal::is_drawable();
    if in_place {
        output::print("\x1b[2J")?;
    }
    let mut job = JobWatch::new(layout.clone());
    loop {
        // Looked at before the view is made, so that the last view shows the end.
        let is_over = !is_alive(layout);
        let view = match args.detailed {
            true => FirstLook::Whole(Box::new(job.look()?)),
            false => job.first_look()?,
        };
        if is_over {
            // In full, as it stays on the terminal.
            let clear = if in_place { "\x1b[H\x1b[J" } else { "" };
            let text = text(&view, terminal::look(), args.detailed);
            output::print(&format!("{clear}{text}"))?;
            return Ok(code_of(&view));
        }
        output::print(&match in_place {
            true => {
                let text = text(&view, terminal::look(), args.detailed);
                terminal::redraw(&text, terminal::lines())
            }
            false => {
                let time: String = format_utc(now_seconds()).chars().take(19).collect();
                format!("{time} UTC  {}\n", view.render_line())
            }
        })?;
        std::thread::sleep(Duration::from_secs_f64(args.interval));
    }
}

fn text(view: &FirstLook, look: Look, detailed: bool) -> String {
    match view {
        FirstLook::Whole(view) => view.render_as(look, detailed),
        FirstLook::Glance(_) => view.render_as(look),
    }
}

fn damage_of(view: &FirstLook) -> Option<&str> {
    match view {
        FirstLook::Whole(view) => view.damage.as_deref(),
        FirstLook::Glance(view) => view.damage.as_deref(),
    }
}

/// Returns the exit code of a look at a job with this damage.
pub(super) fn code_with(damage: Option<&str>) -> u8 {
    match damage {
        None => code::DONE,
        Some(_) => code::FAILED,
    }
}

/// Returns the exit code that says how the job ended. Which signal stopped it is not known here.
fn code_of(view: &FirstLook) -> u8 {
    if damage_of(view).is_some() {
        return code::FAILED;
    }
    match view.overall_progress().job_status.as_str() {
        "completed" => code::DONE,
        "completed_with_failures" => code::PARTLY,
        _ => code::FAILED,
    }
}

/// Returns whether somebody drives the job, as far as can be told.
pub(super) fn is_alive(layout: &Layout) -> bool {
    Liveness::of(layout).is_ok_and(|liveness| liveness.is_alive())
}

fn seconds(text: &str) -> Result<f64, String> {
    let seconds = text
        .parse::<f64>()
        .ok()
        .filter(|seconds| (0.1..=86_400.0).contains(seconds));
    seconds.ok_or_else(|| "must be a number of seconds from 0.1 to 86,400".to_owned())
}
