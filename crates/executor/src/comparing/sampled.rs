//! The records that operators are compared over.

use coldpress_dataset::{Source, TableFile, TableRows};
use coldpress_partition::{DEFAULT_SAMPLE_BYTES, MediaFields, sample};
use coldpress_record::{Batch, DeclaredFields};

use crate::error::{Error, ErrorKind, Result};

/// Some records of the sources, or of their first `limit`, spread over them, as lines of JSON.
pub(super) fn some_records(
    sources: &[Source],
    most: usize,
    limit: Option<u64>,
) -> Result<Vec<String>> {
    let limit = limit.and_then(|limit| usize::try_from(limit).ok());
    let limit = limit.unwrap_or(usize::MAX);
    let mut records = Vec::new();
    for lines in &sample(sources, &MediaFields::default(), DEFAULT_SAMPLE_BYTES).blocks {
        let is_table = sources
            .get(lines.source as usize)
            .is_some_and(Source::is_columnar);
        if !is_table {
            let texts = lines.records.iter().map(|line| &lines.bytes[line.range()]);
            records.extend(texts.map(|bytes| String::from_utf8_lossy(bytes).into_owned()));
        }
    }
    for source in sources.iter().filter(|source| source.is_columnar()) {
        let rows = table_records(source, most.min(limit).saturating_sub(records.len()));
        records.extend(rows.map_err(|error| Error::new(ErrorKind::Failed, error.to_string()))?);
    }
    records.truncate(limit);
    Ok(spread(records, most))
}

/// Some of these records at even distances, or all of them if there are no more.
fn spread(records: Vec<String>, most: usize) -> Vec<String> {
    let (all, taken) = (records.len(), records.len().min(most));
    let mut next = (0..taken).map(|at| (at as u128 * all as u128 / taken as u128) as usize);
    let mut wanted = next.next();
    let mut chosen = Vec::with_capacity(taken);
    for (at, record) in records.into_iter().enumerate() {
        if wanted == Some(at) {
            chosen.push(record);
            wanted = next.next();
        }
    }
    chosen
}

fn table_records(source: &Source, most: usize) -> coldpress_dataset::Result<Vec<String>> {
    let file = TableFile::open(source)?;
    let fields = DeclaredFields::default();
    let (mut records, mut batch) = (Vec::new(), Batch::default());
    let mut stream = file.stream(0..file.rows().min(most as u64))?;
    while let Some(rows) = stream.next_rows()? {
        let count = rows.num_rows() as u64;
        std::sync::Arc::new(TableRows::new(rows)).fill(&mut batch, 0, 0..count, &fields);
        for row in 0..batch.rows() {
            let mut line = Vec::new();
            batch.write_record(row, &fields, &mut line);
            records.push(String::from_utf8_lossy(&line).trim().to_owned());
        }
    }
    Ok(records)
}
