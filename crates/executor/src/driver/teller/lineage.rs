//! OpenLineage run events: the dataset that a run read and the export that it made of it, for data catalogues.
//!
//! The form is that of <https://openlineage.io/spec/2-0-2/OpenLineage.json>. Each event is a line of `lineage.jsonl` in the
//! job's folder, and is posted to `lineage.url` where the recipe has one.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

use coldpress_config::Location;
use coldpress_events::time::{format_utc, now_seconds};
use coldpress_failure::full_message;
use coldpress_job::FieldsView;
use coldpress_notify::{Message, Recipient};
use coldpress_storage::{Digest, open_file_with};
use serde_json::{Value, json};

use super::Teller;
use crate::report::Report;

const PRODUCER: &str = concat!(env!("CARGO_PKG_REPOSITORY"), "/", env!("CARGO_PKG_VERSION"));
const SCHEMA: &str = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent";
const SCHEMA_FACET: &str = "https://openlineage.io/spec/facets/1-1-1/SchemaDatasetFacet.json";
const OUTPUT_FACET: &str =
    "https://openlineage.io/spec/facets/1-0-2/OutputStatisticsOutputDatasetFacet.json";
const ERROR_FACET: &str = "https://openlineage.io/spec/facets/1-0-1/ErrorMessageRunFacet.json";

impl Teller<'_> {
    /// The run begins.
    pub(super) fn lineage_begins(&mut self) {
        let output = json!([dataset(&self.summary.export_path)]);
        self.tell_lineage("START", json!({}), output);
    }

    /// The run ended well, or was stopped.
    pub(super) fn lineage_ends(&mut self, report: &Report, is_stopped: bool) {
        let mut output = dataset(&self.summary.export_path);
        if let Some(fields) = &report.fields {
            output["facets"] = json!({ "schema": schema(fields) });
        }
        if !is_stopped {
            output["outputFacets"] = json!({ "outputStatistics": {
                "_producer": PRODUCER,
                "_schemaURL": OUTPUT_FACET,
                "rowCount": report.ledger.exported(),
                "size": report.export_bytes,
            } });
        }
        let kind = if is_stopped { "ABORT" } else { "COMPLETE" };
        self.tell_lineage(kind, json!({}), json!([output]));
    }

    /// The run failed.
    pub(super) fn lineage_failed(&mut self, message: &str) {
        let facets = json!({ "errorMessage": {
            "_producer": PRODUCER,
            "_schemaURL": ERROR_FACET,
            "message": message,
            "programmingLanguage": "Rust",
        } });
        let output = json!([dataset(&self.summary.export_path)]);
        self.tell_lineage("FAIL", facets, output);
    }

    fn tell_lineage(&mut self, kind: &str, facets: Value, outputs: Value) {
        let recipe = &self.executor.prepared.recipe;
        let job_id = self.executor.layout.job_id().as_str();
        let inputs = recipe.dataset.shown_paths();
        let event = json!({
            "eventType": kind,
            "eventTime": format!("{}Z", format_utc(now_seconds()).replace(' ', "T")),
            "run": { "runId": self.run_id, "facets": facets },
            "job": { "namespace": recipe.lineage.namespace, "name": job_id },
            "inputs": inputs.map(|path| dataset(&path)).collect::<Vec<_>>(),
            "outputs": outputs,
            "producer": PRODUCER,
            "schemaURL": SCHEMA,
        });
        let address = recipe.lineage.url.clone();
        let line = event.to_string();
        let path = self.executor.layout.job_dir().join("lineage.jsonl");
        if let Err(error) = append(&path, &line) {
            self.warn(format!("cannot write the lineage of the job: {error}"));
        }
        if let Some(address) = address {
            let to = Recipient::Address(address);
            self.send(Message {
                to,
                json: line,
                asked_by: "lineage.url",
            });
        }
    }
}

/// One write, so that a line is there as a whole or not at all, but for a full disk.
fn append(path: &Path, line: &str) -> Result<(), String> {
    if std::fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink()) {
        return Err(format!("`{}` is a link", path.display()));
    }
    let opened = open_file_with(path, OpenOptions::new().create(true).append(true));
    let mut file = opened.map_err(|error| full_message(&error))?;
    let written = file.write_all(format!("{line}\n").as_bytes());
    written.map_err(|error| format!("`{}` is not written: {error}", path.display()))
}

/// A dataset as OpenLineage names it: of a URL the namespace is the bucket or the server, and the name what follows.
fn dataset(path: &str) -> Value {
    let url = Location::of(path).url();
    let split = url.and_then(|url| {
        let begin = url.find("://")? + "://".len();
        let end = begin + url[begin..].find('/')?;
        Some((&url[..end], url[end..].trim_start_matches('/')))
    });
    match split {
        Some((namespace, name)) => json!({ "namespace": namespace, "name": name }),
        None => json!({ "namespace": "file", "name": path }),
    }
}

fn schema(fields: &FieldsView) -> Value {
    let fields = fields.fields.iter();
    let fields = fields.map(|field| json!({ "name": field.name, "type": field.usual }));
    json!({ "_producer": PRODUCER, "_schemaURL": SCHEMA_FACET, "fields": fields.collect::<Vec<_>>() })
}

/// The id of a run, in the form of a UUID, as OpenLineage asks for: another for each driver of a job.
pub(super) fn run_id(job_id: &str, started_at_millis: u64, pid: u32) -> String {
    let seed = format!("{job_id} {started_at_millis} {pid}");
    // Version 8 is for UUIDs that are made in a custom way; the variant is that of RFC 9562.
    let bits = Digest::of(seed.as_bytes()).0 & !(0xf000_u128 << 64) & !(0xc000_u128 << 48);
    let hex = format!("{:032x}", bits | 0x8000_u128 << 64 | 0x8000_u128 << 48);
    format!(
        "{}-{}-{}-{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..]
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_id_has_the_form_of_a_uuid() {
        let id = run_id("job", 1, 2);
        let lengths: Vec<usize> = id.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12]);
        assert!(id[14..15] == *"8" && "89ab".contains(&id[19..20]), "{id}");
        assert_ne!(id, run_id("job", 1, 3));
        assert_eq!(id, run_id("job", 1, 2));
    }
}
