//! `coldpress events`: what happened.

use std::time::Duration;

use coldpress::events::time::parse_utc;
use coldpress::events::{Event, EventFilter, EventKind, Level, follow, read_events};
use coldpress::job::Layout;
use coldpress::report::quantity::counted;
use coldpress::report::render_event;
use coldpress::storage::StoreSchemes;

use crate::failure::{Failure, code};
use crate::jobs::BaseDir;
use crate::output;

/// Show what happened in a job
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The job's id or URL
    job: String,
    #[command(flatten)]
    base: BaseDir,
    /// Only events of this kind, in any spelling (op_failed, OPERATION_ERROR); may be repeated
    #[arg(long = "type", value_name = "TYPE", value_delimiter = ',', value_parser = kind)]
    kinds: Vec<EventKind>,
    /// Only events of this partition
    #[arg(long, value_name = "N")]
    partition: Option<u64>,
    /// Only events of this stage of the recipe, counted from 1 as in `coldpress plan`
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    stage: Option<u64>,
    /// Only events of this operator
    #[arg(long, value_name = "NAME", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    op: Option<String>,
    /// Only this level and those above: DEBUG, INFO, WARNING, ERROR
    #[arg(long, value_parser = level)]
    level: Option<Level>,
    /// Not before this time: 2026-11-21T01:37, or seconds since 1970
    #[arg(long, value_name = "TIME", value_parser = time)]
    since: Option<f64>,
    /// Before this time
    #[arg(long, value_name = "TIME", value_parser = time)]
    until: Option<f64>,
    /// Only events that contain this text, in any case
    #[arg(long, value_name = "TEXT", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    grep: Option<String>,
    /// Keep printing events as they happen, until the job ends
    #[arg(long)]
    follow: bool,
    /// Print them as a JSON array; with --follow, as one JSON object a line
    #[arg(long)]
    json: bool,
}

const LOOK_EVERY: Duration = Duration::from_millis(200);

pub(super) fn run(args: &Args, schemes: &StoreSchemes) -> Result<u8, Failure> {
    let layout = args.base.find(&args.job, schemes)?;
    if args.follow {
        layout.keep_fresh()?;
        follow_log(args, &layout)?
    } else {
        show_log(args, &layout)?
    }
    Ok(code::DONE)
}

fn show_log(args: &Args, layout: &Layout) -> Result<(), Failure> {
    let mut events = read_events(layout.event_log_dir(), filter(args))?;
    let mut is_first = true;
    for event in &mut events {
        let event = event?;
        if args.json {
            // Written as they are read: a log may be longer than memory.
            output::print(if is_first { "[\n" } else { ",\n" })?;
            output::print(&json(&event)?)?;
        } else {
            output::print(&(render_event(&event) + "\n"))?;
        }
        is_first = false;
    }
    match (args.json, is_first) {
        (true, true) => output::print("[]\n")?,
        (true, false) => output::print("\n]\n")?,
        (false, true) if !layout.events().exists() => output::tell("the job has no event log"),
        (false, true) => output::tell("no event matches"),
        (false, false) => {}
    }
    tell_damage(events.damaged_lines());
    Ok(())
}

fn follow_log(args: &Args, layout: &Layout) -> Result<(), Failure> {
    let is_over = || {
        let is_over = !super::monitor::is_alive(layout);
        if is_over {
            // The copy of a job in a store may be some seconds old. Events that cannot be fetched now are not shown.
            let _ = layout.bring();
        }
        is_over
    };
    let mut events = follow(layout.event_log_dir(), filter(args), LOOK_EVERY, is_over)?;
    for event in &mut events {
        let event = event?;
        match args.json {
            true => output::print_json_line(&event)?,
            false => output::print(&(render_event(&event) + "\n"))?,
        }
    }
    tell_damage(events.damaged_lines());
    Ok(())
}

fn filter(args: &Args) -> EventFilter {
    let mut filter = EventFilter::new();
    filter.kinds = args.kinds.clone();
    filter.partition = args.partition;
    filter.stage = args.stage.map(|stage| stage - 1);
    filter.operation = args.op.clone();
    filter.level = args.level;
    filter.since = args.since;
    filter.until = args.until;
    filter.grep = args.grep.clone();
    filter
}

fn json(event: &Event) -> Result<String, Failure> {
    serde_json::to_string(event)
        .map_err(|error| Failure::failed(format!("cannot write JSON: {error}")))
}

fn tell_damage(lines: u64) {
    if lines > 0 {
        output::tell(&format!(
            "warning: {} of the event log cannot be read",
            counted(lines, "line")
        ));
    }
}

fn kind(text: &str) -> Result<EventKind, String> {
    text.parse()
        .map_err(|error: coldpress::events::Error| error.to_string())
}

fn level(text: &str) -> Result<Level, String> {
    text.parse()
        .map_err(|error: coldpress::events::Error| error.to_string())
}

fn time(text: &str) -> Result<f64, String> {
    parse_utc(text).ok_or_else(|| {
        "is not a time: expected 2026-11-21, 2026-11-21T01:37:40 (UTC) or seconds since 1970"
            .to_owned()
    })
}
