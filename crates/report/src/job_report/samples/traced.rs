//! Samples from the traces of a job: `trace/sample_trace-<operator>.jsonl`.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use coldpress_storage::open_file;

use super::{MAX_LINE_BYTES, MOST_FILES, OperatorSamples, Sample, sample};
use crate::job_report::Source;

/// The samples of all operators that were traced; none where nothing was.
pub(super) fn samples(source: &Source<'_>) -> Result<Vec<OperatorSamples>, String> {
    let folder = source.layout.job_dir().join("trace");
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
        let (operator, name) = operator_of(label, source);
        let (total, samples) = read(&folder.join(file), source)?;
        all.push(OperatorSamples {
            operator,
            name,
            is_trace: true,
            total: Some(total),
            samples,
        });
    }
    Ok(all)
}

/// Which operator a trace is of. The name alone says it, but where a recipe has an operator twice: there the place of the
/// operator, or its number among those of its name, is part of the file's name.
fn operator_of(label: &str, source: &Source<'_>) -> (Option<u32>, String) {
    let operators = source
        .state
        .recipe()
        .map_or(&[][..], |recipe| &recipe.operators);
    let named = |name: &str| {
        let places = operators.iter().zip(0_u32..);
        let of_name = places.filter(|(operator, _)| *operator == name);
        of_name.map(|(_, place)| place).collect::<Vec<_>>()
    };
    let exact = named(label);
    if let [place] = exact[..] {
        return (Some(place), label.to_owned());
    }
    let longest = operators
        .iter()
        .filter(|name| label.contains(name.as_str()))
        .max_by_key(|name| name.len());
    let number = longest.and_then(|name| {
        let digits = label.replacen(name.as_str(), "", 1);
        let digits = digits.trim_matches(|letter: char| !letter.is_ascii_digit());
        digits.parse::<u32>().ok()
    });
    let places = longest.map(|name| named(name)).unwrap_or_default();
    let place = number.filter(|number| places.contains(number));
    (place.or(exact.first().copied()), label.to_owned())
}

/// How many lines a trace has, and the first ones.
fn read(path: &Path, source: &Source<'_>) -> Result<(u64, Vec<Sample>), String> {
    let cannot = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let file = open_file(path).map_err(|error| cannot(&error))?;
    let mut lines = BufReader::new(file);
    let (mut total, mut samples) = (0, Vec::new());
    loop {
        let mut line = Vec::new();
        let read = (&mut lines)
            .take(MAX_LINE_BYTES)
            .read_until(b'\n', &mut line)
            .map_err(|error| cannot(&error))?;
        if read == 0 {
            return Ok((total, samples));
        }
        total += u64::from(line.ends_with(b"\n"));
        if samples.len() < source.limits.samples {
            let text = String::from_utf8_lossy(&line);
            samples.extend(sample(&text, source.limits.sample_chars));
        }
    }
}
