//! The sizes of the checkpoints of a directory, in both formats.

use std::collections::BTreeMap;

use coldpress_failure::full_message;
use serde::Serialize;
use xxhash_rust::xxh3::Xxh3Default;

use super::intermediate::IntermediateStore;
use super::list::{Entry, Unreadable};
use super::parquet_out::ParquetOut;
use super::relation::Formats;
use super::source::Source;
use super::wanted::Wanted;
use crate::columns::{Columns, Shapes};
use crate::json::{Style, write_record};
use crate::{CheckpointName, Format, Record, Result};

/// Options for the analysis of a directory.
#[derive(Clone, Debug, Default)]
pub struct AnalyzeOptions {
    sample: Option<u64>,
}

impl AnalyzeOptions {
    /// Returns options that convert all records.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Converts only the first records of each checkpoint, and estimates the rest from their share. Equal checkpoints are then not
    /// found.
    #[must_use]
    pub fn sample(mut self, records: u64) -> Self {
        self.sample = Some(records.max(1));
        self
    }
}

/// The sizes of the checkpoints of a directory.
#[derive(Clone, Debug, Default, Serialize)]
#[doc(alias = "analyze_checkpoints")]
pub struct Analysis {
    /// The number of records of each checkpoint that were converted; `None` if all were.
    pub sample_records: Option<u64>,
    /// The existing files, by format.
    pub formats: BTreeMap<&'static str, FilesTaken>,
    /// All checkpoints, including batches.
    pub total: Share,
    /// The checkpoints of each step.
    pub steps: BTreeMap<String, Share>,
    /// The batches of each operation, which belong to no step.
    pub batches: BTreeMap<String, Share>,
    /// Every checkpoint.
    pub checkpoints: Vec<Analyzed>,
    /// Groups of checkpoints with the same records.
    pub repeated: Vec<Repeated>,
    /// Files that could not be read. They count only in the sum of the files.
    pub unreadable: Vec<Unreadable>,
    /// Files that look like checkpoints but are not read. See [`IntermediateStore::passed_over`].
    pub not_looked_at: Vec<Unreadable>,
    /// The bytes that a migration to Parquet with removal of the originals frees; negative if it takes more. JSON that such a
    /// migration keeps is not counted, unless only a sample was read.
    pub freed_bytes: i64,
}

/// Files of a format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FilesTaken {
    /// The number of files.
    pub files: u64,
    /// Their total size in bytes.
    pub bytes: u64,
}

/// The sizes of some checkpoints in each format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Share {
    /// The number of checkpoints.
    pub checkpoints: u64,
    /// The number of their records.
    pub records: u64,
    /// The bytes on the disk, in both formats.
    pub stored_bytes: u64,
    /// The bytes that they take as JSON.
    pub json_bytes: u64,
    /// The bytes that they take as Parquet.
    pub parquet_bytes: u64,
    /// The bytes that Parquet saves.
    pub saved_bytes: i64,
    /// The same as a share of the JSON.
    pub saved_percent: f64,
}

/// A checkpoint and its sizes.
#[derive(Clone, Debug, Serialize)]
pub struct Analyzed {
    /// Its step; a batch has none.
    pub step: Option<String>,
    /// Its operation.
    pub operation: String,
    /// Its number, if it is a batch.
    pub batch: Option<u64>,
    /// Its size in each format.
    #[serde(flatten)]
    pub share: Share,
    /// True if there is a JSON file; without one, its length was measured.
    pub has_json: bool,
    /// True if there is a Parquet file; without one, its length was measured.
    pub has_parquet: bool,
    /// The file that doesn't have the records of the other one, if there are two and all of them were read.
    pub formats_differ: Option<String>,
    /// Warnings about its files.
    pub warnings: Vec<String>,
    #[serde(skip)]
    digest: Option<u128>,
    /// The size in bytes of the JSON that a migration to Parquet keeps.
    #[serde(skip)]
    kept_bytes: u64,
}

/// Checkpoints with the same records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Repeated {
    /// The checkpoints, as paths without extensions.
    pub checkpoints: Vec<String>,
    /// The size in bytes of all but the first.
    pub bytes: u64,
}

impl Analyzed {
    /// Returns the path of its files within the directory, without an extension.
    #[must_use]
    pub fn path(&self) -> String {
        match (&self.step, self.batch) {
            (Some(step), _) => format!("{step}/{}", self.operation),
            (None, batch) => format!(
                "{}_batches/batch_{}",
                self.operation,
                batch.unwrap_or_default()
            ),
        }
    }
}

impl IntermediateStore {
    /// Measures the checkpoints in each format. If one exists in only one format, it is converted in memory. `told` is called after
    /// each of them.
    ///
    /// # Errors
    /// [`Error::Storage`](crate::Error::Storage) if the directory cannot be read. A checkpoint that cannot be read is in
    /// [`Analysis::unreadable`].
    #[doc(alias = "analyze_checkpoints")]
    pub fn analyze(
        &self,
        options: &AnalyzeOptions,
        mut told: impl FnMut(&Analyzed),
    ) -> Result<Analysis> {
        let entries = self.list()?;
        let mut analysis = Analysis {
            sample_records: options.sample,
            not_looked_at: self.passed_over()?,
            ..Analysis::default()
        };
        for format in Format::ALL {
            let files = analysis.formats.entry(format.extension()).or_default();
            for entry in entries.iter().filter(|entry| entry.format == format) {
                files.files += 1;
                files.bytes += entry.bytes;
            }
        }
        for files in entries.chunk_by(|one, other| one.name == other.name) {
            match self.analyze_one(files, options) {
                Ok(analyzed) => {
                    told(&analyzed);
                    analysis.add(analyzed);
                }
                Err(error) => analysis.unreadable.push(Unreadable {
                    path: files[0].path.clone(),
                    reason: full_message(&error),
                }),
            }
        }
        analysis.repeated = repeated(&analysis.checkpoints);
        Ok(analysis)
    }

    /// Measures the checkpoint that has these files.
    fn analyze_one(&self, files: &[Entry], options: &AnalyzeOptions) -> Result<Analyzed> {
        let name = &files[0].name;
        let bytes_of = |format| {
            files
                .iter()
                .find(|entry| entry.format == format)
                .map(|entry| entry.bytes)
        };
        let (json, parquet) = (bytes_of(Format::Json), bytes_of(Format::Parquet));
        let Some(mut reader) = self.reader(name)? else {
            return Err(super::migrate::changed(&files[0].path));
        };
        let mut seen = Seen::default();
        let limit = options.sample.unwrap_or(u64::MAX);
        while seen.records < limit
            && let Some(batch) = reader.next_batch()?
        {
            seen.add(cut(&batch, limit - seen.records));
        }
        let formats = match options.sample {
            None => self.compare_formats(name, &reader),
            Some(_) => Formats::default(),
        };
        // A file with other records shows nothing about the size of these.
        let json_of_these = json.filter(|_| reader.format() == Format::Json || !formats.differ);
        let parquet_of_these =
            parquet.filter(|_| reader.format() == Format::Parquet || !formats.differ);
        // The rest of the file is assumed to be like the part that was read.
        let share_seen = match (reader.rows(), json) {
            (Some(rows), _) if rows > 0 => seen.records as f64 / rows as f64,
            (None, Some(bytes)) if seen.records >= limit => seen.json_bytes() as f64 / bytes as f64,
            _ => 1.0,
        };
        let whole =
            |seen: u64| (seen as f64 / share_seen.clamp(f64::MIN_POSITIVE, 1.0)).round() as u64;
        let records = reader.rows().unwrap_or_else(|| whole(seen.records));
        let parquet_bytes = match parquet_of_these {
            Some(bytes) => bytes,
            None => {
                let measure =
                    |limit| self.measure_parquet(name, &reader, seen.columns.clone(), limit);
                let bytes = measure(seen.records)?;
                // The fixed cost of a file, such as its footer, must not count for each record.
                let half = seen.records / 2;
                match records > seen.records && half > 0 {
                    false => bytes,
                    true => {
                        let more = bytes.saturating_sub(measure(half)?) as f64;
                        let each = more / (seen.records - half) as f64;
                        bytes + (each * (records - seen.records) as f64).round() as u64
                    }
                }
            }
        };
        let share = Share {
            checkpoints: 1,
            records,
            stored_bytes: files.iter().map(|entry| entry.bytes).sum(),
            json_bytes: json_of_these.unwrap_or_else(|| whole(seen.json_bytes())),
            parquet_bytes,
            ..Share::default()
        };
        Ok(Analyzed {
            step: name.step().map(str::to_owned),
            operation: name.operation_name().to_owned(),
            batch: name.batch_index(),
            share: Share::sum([&share]),
            has_json: json.is_some(),
            has_parquet: parquet.is_some(),
            warnings: reader.warnings().to_vec(),
            kept_bytes: json.filter(|_| formats.keeps_json).unwrap_or_default(),
            formats_differ: formats.difference,
            digest: options.sample.is_none().then(|| seen.digest.digest128()),
        })
    }

    /// Measures how long a Parquet file of the first records would be. Their columns are known.
    fn measure_parquet(
        &self,
        name: &CheckpointName,
        reader: &super::RecordReader,
        columns: Columns,
        limit: u64,
    ) -> Result<u64> {
        let wanted = Wanted {
            rows: 0..limit,
            ..Wanted::ALL
        };
        let path = reader.path();
        let mut again = Source::open(
            self.files(),
            path,
            reader.format(),
            name,
            wanted,
            self.options(),
        )?;
        let mut out = ParquetOut::measured(self.files(), name, self.options(), columns);
        while let Some(records) = again.next(path)? {
            out.write(&records)?;
        }
        Ok(out.finish()?.1)
    }
}

/// The records of a checkpoint that were read.
#[derive(Default)]
struct Seen {
    records: u64,
    /// The length of their JSON, without brackets and commas.
    texts_bytes: u64,
    digest: Xxh3Default,
    columns: Columns,
}

impl Seen {
    fn add(&mut self, records: &[Record]) {
        let mut text = Vec::new();
        for record in records {
            text.clear();
            write_record(record, Style::PYTHON, &mut text);
            self.digest.update(&text);
            self.texts_bytes += text.len() as u64;
        }
        self.records += records.len() as u64;
        Shapes::observe(records, &mut self.columns);
    }

    /// Returns the length of the JSON list: two brackets, and a comma and a blank between each two records.
    fn json_bytes(&self) -> u64 {
        2 + self.texts_bytes + 2 * self.records.saturating_sub(1)
    }
}

fn cut(records: &[Record], limit: u64) -> &[Record] {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    &records[..records.len().min(limit)]
}

impl Analysis {
    fn add(&mut self, analyzed: Analyzed) {
        let of = match &analyzed.step {
            Some(step) => self.steps.entry(step.clone()),
            None => self.batches.entry(analyzed.operation.clone()),
        };
        of.or_default().add(&analyzed.share);
        self.total.add(&analyzed.share);
        let left = analyzed.share.parquet_bytes + analyzed.kept_bytes;
        self.freed_bytes = self
            .freed_bytes
            .saturating_add_unsigned(analyzed.share.stored_bytes)
            .saturating_sub_unsigned(left);
        self.checkpoints.push(analyzed);
    }
}

impl Share {
    /// Returns the sum of several shares.
    #[must_use]
    pub fn sum<'a>(shares: impl IntoIterator<Item = &'a Self>) -> Self {
        let mut sum = Self::default();
        shares.into_iter().for_each(|share| sum.add(share));
        sum
    }

    fn add(&mut self, other: &Self) {
        self.checkpoints += other.checkpoints;
        self.records += other.records;
        self.stored_bytes += other.stored_bytes;
        self.json_bytes += other.json_bytes;
        self.parquet_bytes += other.parquet_bytes;
        let saved = i128::from(self.json_bytes) - i128::from(self.parquet_bytes);
        self.saved_bytes = i64::try_from(saved).unwrap_or(i64::MAX);
        self.saved_percent = match self.json_bytes {
            0 => 0.0,
            json => saved as f64 / json as f64 * 100.0,
        };
    }
}

/// Finds checkpoints with the same records, leaving out those without any.
fn repeated(checkpoints: &[Analyzed]) -> Vec<Repeated> {
    let mut by_digest: BTreeMap<u128, Vec<&Analyzed>> = BTreeMap::new();
    for checkpoint in checkpoints
        .iter()
        .filter(|checkpoint| checkpoint.share.records > 0)
    {
        if let Some(digest) = checkpoint.digest {
            by_digest.entry(digest).or_default().push(checkpoint);
        }
    }
    let same = by_digest.into_values().filter(|same| same.len() > 1);
    let mut repeated: Vec<Repeated> = same
        .map(|same| Repeated {
            checkpoints: same.iter().map(|checkpoint| checkpoint.path()).collect(),
            bytes: same[1..]
                .iter()
                .map(|checkpoint| checkpoint.share.stored_bytes)
                .sum(),
        })
        .collect();
    repeated.sort_by(|one, other| one.checkpoints.cmp(&other.checkpoints));
    repeated
}
