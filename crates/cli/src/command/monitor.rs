//! `coldpress monitor`: how a job stands.

use std::io::IsTerminal;
use std::time::Duration;

use coldpress::job::{Layout, Liveness};
use coldpress::report::monitor;

use crate::failure::{Failure, code};
use crate::jobs::BaseDir;
use crate::output;

/// Show how far a job is
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The job's id
    job: String,
    #[command(flatten)]
    base: BaseDir,
    /// List every partition, the work of each operator and every checkpoint
    #[arg(long)]
    detailed: bool,
    /// Keep showing it until the job ends
    #[arg(long)]
    watch: bool,
    /// Seconds between updates
    #[arg(long, value_name = "SECONDS", default_value_t = 10.0, value_parser = seconds)]
    interval: f64,
    /// Print it as JSON
    #[arg(long, conflicts_with = "watch")]
    json: bool,
}

pub(super) fn run(args: &Args) -> Result<u8, Failure> {
    let layout = args.base.find(&args.job)?;
    loop {
        // Looked at before the view is made, so that the last view shows the end.
        let is_last = !args.watch || !is_alive(&layout);
        let view = monitor(&layout)?;
        if args.json {
            output::print_json(&view)?;
        } else {
            let clear = if args.watch && std::io::stdout().is_terminal() {
                "\x1b[2J\x1b[H"
            } else {
                ""
            };
            output::print(&format!("{clear}{}", view.render(args.detailed)))?;
        }
        if is_last {
            return Ok(code::DONE);
        }
        std::thread::sleep(Duration::from_secs_f64(args.interval));
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
