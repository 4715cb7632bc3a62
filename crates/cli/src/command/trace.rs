//! `coldpress trace`: what happened to a record.

use coldpress::executor::{FollowOptions, RecordHistories, RecordQuery, follow_records};
use coldpress::report::quantity::{grouped, plain};
use coldpress::report::render_histories;
use coldpress::storage::StoreSchemes;

use crate::failure::{Failure, code};
use crate::jobs::BaseDir;
use crate::output;

/// Show what happened to a record, operator by operator
///
/// The record is looked up in the job's input. Then the job's recipe is run over its partition again, with what was decided
/// about the whole dataset. So it needs no traces, and works on jobs that are running, failed or were stopped.
/// Nothing is written. External operators are not called again: their output is read from the job's files.
///
/// Exit codes: 0 shown; 1 no such record; 2 wrong usage; 4 refused, because the input changed; 5 no such job.
#[derive(Debug, clap::Args)]
#[command(
    override_usage = "coldpress trace [OPTIONS] <JOB> --id <FIELD=VALUE>\n       coldpress trace [OPTIONS] <JOB> --line <FILE:N>",
    group(clap::ArgGroup::new("record").args(["id", "line"]).required(true))
)]
pub(super) struct Args {
    /// The job's id or URL
    job: String,
    #[command(flatten)]
    base: BaseDir,
    /// The record whose field has this value; a nested field has dots. The value is a text or JSON
    #[arg(long, value_name = "FIELD=VALUE")]
    id: Option<String>,
    /// The record with this number in a file of the dataset, from 1; blank lines are not counted
    #[arg(long, value_name = "FILE:N")]
    line: Option<String>,
    /// How many records to show, if several have the value
    #[arg(long, value_name = "N", default_value_t = 5)]
    limit: usize,
    /// Print it as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args, schemes: &StoreSchemes) -> Result<u8, Failure> {
    let query = query(args)?;
    let layout = args.base.find(&args.job, schemes)?;
    let registry = coldpress::ops::builtin();
    let options = FollowOptions {
        registry: &registry,
        schemes,
        asset_folders: crate::assets::folders(),
        most: args.limit.max(1),
    };
    let histories = follow_records(&layout, &query, &options)?;
    if args.json {
        output::print_json(&histories)?;
    }
    if histories.records.is_empty() {
        return Err(nothing(&histories));
    }
    if !args.json {
        output::print(&render_histories(&histories))?;
    }
    Ok(code::DONE)
}

fn query(args: &Args) -> Result<RecordQuery, Failure> {
    if let Some(line) = &args.line {
        let parts = line.rsplit_once(':');
        let parsed = parts.and_then(|(file, number)| Some((file, number.parse().ok()?)));
        let (file, number) = parsed.filter(|(file, _)| !file.is_empty()).ok_or_else(|| {
            let line = plain(line);
            Failure::usage(format!(
                "--line: `{line}` is not FILE:N, such as data/web.jsonl:17"
            ))
        })?;
        return Ok(RecordQuery::Number {
            file: file.to_owned(),
            number,
        });
    }
    let id = args.id.as_deref().unwrap_or_default();
    match id.split_once('=') {
        Some((path, value)) if !path.is_empty() => Ok(RecordQuery::Field {
            path: path.to_owned(),
            value: value.to_owned(),
        }),
        _ => Err(Failure::usage(format!(
            "--id: `{}` is not FIELD=VALUE, such as meta.id=17",
            plain(id)
        ))),
    }
}

fn nothing(histories: &RecordHistories) -> Failure {
    let looked_at = grouped(histories.looked_at);
    let query = plain(&histories.query);
    let message = match histories.with_field {
        Some(0) => format!(
            "no record has {query}: {looked_at} were looked at, and none of them has this field"
        ),
        Some(with_field) if with_field < histories.looked_at => format!(
            "no record has {query}: {looked_at} were looked at, {} of which have this field",
            grouped(with_field)
        ),
        _ => format!("no record has {query}: {looked_at} were looked at"),
    };
    let remarks = histories.remarks.iter();
    let remarks: Vec<String> = remarks
        .map(|remark| format!("note: {}", plain(remark)))
        .collect();
    Failure::failed(message).with_details(remarks.join("\n"))
}
