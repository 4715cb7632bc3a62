//! Samples from the traces of a job: `trace/sample_trace-<operator>.jsonl`.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use coldpress_storage::open_file;
use serde::Deserialize;

use super::{MAX_LINE_BYTES, MOST_FILES, OperatorSamples, Sample, sample};
use crate::job_report::Source;

/// Reads the samples of all operators that were traced.
pub(super) fn samples(source: &Source<'_>) -> Result<Vec<OperatorSamples>, String> {
    let folder = source.layout.trace_dir();
    let entries = match fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(format!("{}: {error}", folder.display())),
    };
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut names: Vec<String> = names.collect();
    names.sort();
    let traces = names.iter().filter_map(|name| {
        let rest = name.strip_prefix("sample_trace-")?;
        Some((name, rest.strip_suffix(".jsonl")?))
    });
    let mut all = Vec::new();
    for (file, label) in traces.take(MOST_FILES) {
        let trace = read(&folder.join(file), source)?;
        let (operator, name) = match trace.about {
            Some(about) => (Some(about.operation), about.operator),
            None => (operator_of(label, source), label.to_owned()),
        };
        all.push(OperatorSamples {
            operator,
            name,
            is_trace: true,
            total: Some(trace.total),
            samples: trace.samples,
        });
    }
    Ok(all)
}

/// Finds the operator of a trace without records by its name, unless the recipe has that operator twice.
fn operator_of(name: &str, source: &Source<'_>) -> Option<u32> {
    let recipe = source.state.recipe()?;
    let named = recipe.operators.iter().zip(0..);
    let mut named = named.filter(|(operator, _)| *operator == name);
    let first = named.next().map(|(_, place)| place);
    first.filter(|_| named.next().is_none())
}

/// The content of a trace.
#[derive(Default)]
struct Trace {
    about: Option<About>,
    total: u64,
    samples: Vec<Sample>,
}

/// The fields about the operator in each line of a trace.
#[derive(Deserialize)]
struct About {
    operator: String,
    operation: u32,
}

#[derive(Deserialize)]
struct WithAbout {
    #[serde(rename = "__coldpress__")]
    about: About,
}

/// Counts the lines of a trace and reads the first ones.
fn read(path: &Path, source: &Source<'_>) -> Result<Trace, String> {
    let cannot = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let file = open_file(path).map_err(|error| cannot(&error))?;
    let mut lines = BufReader::new(file);
    let mut trace = Trace::default();
    loop {
        let mut line = Vec::new();
        let read = (&mut lines)
            .take(MAX_LINE_BYTES)
            .read_until(b'\n', &mut line)
            .map_err(|error| cannot(&error))?;
        if read == 0 {
            return Ok(trace);
        }
        trace.total += u64::from(line.ends_with(b"\n"));
        if trace.samples.len() < source.limits.samples {
            let text = String::from_utf8_lossy(&line);
            let about = serde_json::from_str::<WithAbout>(&text).ok();
            trace.about = trace.about.or(about.map(|line| line.about));
            trace
                .samples
                .extend(sample(&text, source.limits.sample_chars));
        }
    }
}
