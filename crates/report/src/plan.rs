//! A preview of a run, from the recipe and a sample of its input.

use std::path::PathBuf;

use coldpress_config::ExecutorKind;
use coldpress_dataset::{Block, FileCompression, Format, LineStream, Resolved, Source, TableFile};
use coldpress_executor::{DiskEstimate, DiskSpace, Executor, Prepared, StoreSpace, Traffic};
use coldpress_job::{FieldsView, fields_view};
use coldpress_partition::{CutSettings, Decision, Mixing};
use coldpress_record::Lines;
use serde::Serialize;

use crate::error::Result;

/// A preview of a run. The numbers of records, partitions and bytes are estimates, unless `exact` is set.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PlanView {
    /// The name of the recipe.
    pub project_name: String,
    /// The files of the dataset in order.
    pub sources: Vec<PlannedSource>,
    /// The records from each path, if the recipe mixes them.
    pub mixture: Vec<PlannedPath>,
    /// True if all of the input was looked at.
    pub exact: bool,
    /// The number of records.
    pub records: u64,
    /// Bytes of the input, unpacked.
    pub input_bytes: u64,
    /// The number of partitions.
    pub partitions: u64,
    /// The most records of a partition.
    pub partition_records: u64,
    /// The most bytes of a partition.
    pub partition_bytes: u64,
    /// The reasons why the dataset is cut as it is, if sizes are chosen automatically.
    pub decisions: Vec<Decision>,
    /// The fields of the records that were looked at.
    pub fields: FieldsView,
    /// The limit on the number of records, if there is one.
    pub limit: Option<u64>,
    /// The stages in order.
    pub stages: Vec<StageView>,
    /// When checkpoints are written.
    pub checkpoint_strategy: String,
    /// The number of checkpoint files.
    pub checkpoint_files: u64,
    /// The number of partitions that are worked on at a time.
    pub workers: usize,
    /// True if workers are processes, false if they are threads.
    pub worker_processes: bool,
    /// The address of the Ray cluster as the recipe has it, if workers are on one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ray_address: Option<String>,
    /// True if the number of workers is not given, so that a Ray cluster has as many as CPUs.
    #[serde(skip)]
    pub workers_as_ray_has: bool,
    /// The estimated size of the files that are written.
    pub disk: DiskEstimate,
    /// The disks that they are written to.
    pub space: Vec<DiskSpace>,
    /// The buckets that they are written to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stores: Vec<StoreSpace>,
    /// The folder on this machine with copies of the journal and the views of a job in a store.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scratch: Option<PathBuf>,
    /// The estimated requests to servers; zero if nothing is at a URL.
    #[serde(skip_serializing_if = "Traffic::is_none")]
    pub traffic: Traffic,
    /// The path of the output.
    pub export_path: PathBuf,
    /// The number of operators that are traced, into the job's folder.
    pub traced_operators: u64,
    /// The folder of all jobs.
    pub work_dir: String,
    /// Oddities of the input.
    pub notes: Vec<String>,
}

/// A file of the dataset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PlannedSource {
    /// Its path.
    pub path: String,
    /// Its length in bytes, as stored.
    pub bytes: u64,
    /// The format, as in `JSONL` or `CSV`.
    pub format: String,
    /// The compression: `none`, `gzip`, `zstd`.
    pub compression: FileCompression,
}

/// A path of a mixed dataset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PlannedPath {
    /// The path, as the recipe has it.
    pub path: String,
    /// Its records.
    pub records: u64,
    /// The number of times that all of them are read.
    pub readings: u64,
    /// The number that are drawn in one more reading.
    pub drawn: u64,
    /// The records that come in, including repeats.
    pub sampled: u64,
    /// True if `sampled` isn't an estimate.
    pub exact: bool,
}

/// A stretch of operators that each partition passes on its own, and the barrier that ends it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StageView {
    /// The place of its first operator in the recipe, from 0.
    pub first: u32,
    /// Their names in order, without the one at the barrier.
    pub operators: Vec<String>,
    /// The numbers of operators of the recipe after which a checkpoint is written.
    pub checkpoints: Vec<u32>,
    /// The numbers of operators of the recipe that run in Data-Juicer's package.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub in_package: Vec<u32>,
    /// The operator that decides about the whole dataset after all partitions have passed the stage; none at the end of the recipe.
    pub barrier: Option<String>,
    /// True if that operator places records, so that the next stage begins with other rows in its partitions.
    pub places_records: bool,
}

/// The most unpacked bytes of the dataset that are read.
const SAMPLE_BYTES: u64 = 64 << 20;

/// The most bytes of one seekable file that are read.
const FILE_SAMPLE_BYTES: u64 = 8 << 20;

/// The assumed compression ratio of a packed file that is not read to its end.
const UNPACKED_PER_BYTE: u64 = 4;

/// Estimates what a run of this recipe would do. It writes nothing, and reads up to 64 MiB of the input.
///
/// # Errors
/// [`Error::Executor`](crate::Error::Executor) when the input does not exist or cannot be read, or when an output would replace an
/// input.
pub fn plan(executor: &Executor) -> Result<PlanView> {
    let (prepared, layout) = (executor.prepared(), executor.layout());
    let recipe = &prepared.recipe;
    let resolved = executor.dataset()?;
    executor.check_mixing(&resolved)?;
    executor.check_outputs()?;
    let preview = prepared.preview(&resolved.sources)?;
    let cut = prepared.cut_of(&resolved.sources, Some(&preview));
    let (estimate, mixing) = Estimate::of(&resolved, prepared, &cut)?;
    let named = |source: u32| {
        let source = resolved.sources.get(source as usize);
        source.map_or_else(Default::default, |source| {
            (source.identity.path.clone(), source.is_columnar())
        })
    };
    let fields = fields_view(&preview.fields, false, named);
    let unreadable = resolved.unreadable();
    let mut notes = resolved.notes;
    notes.extend(unreadable);
    notes.extend(preview.warnings);
    notes.extend(prepared.mixing_notes());
    let notes_of = |mixing| prepared.notes_of(mixing);
    notes.extend(mixing.as_ref().map_or_else(Vec::new, notes_of));
    notes.extend(prepared.pipeline.notes());
    let points = prepared.checkpoints.len() as u64;
    let disk = prepared.disk_need(estimate.records, estimate.bytes, estimate.copied_bytes);
    let sources = resolved.sources.iter().map(|source| PlannedSource {
        path: source.identity.path.clone(),
        bytes: source.identity.length,
        format: source.format.name().to_owned(),
        compression: source.compression,
    });
    Ok(PlanView {
        project_name: recipe.project_name.clone(),
        sources: sources.collect(),
        mixture: mixing.map_or_else(Vec::new, |mixing| {
            planned_paths(&mixing, prepared, estimate.exact)
        }),
        exact: estimate.exact,
        records: estimate.records,
        input_bytes: estimate.bytes,
        partitions: estimate.partitions,
        partition_records: cut.max_records,
        partition_bytes: cut.max_bytes,
        decisions: preview
            .sizing
            .map_or_else(Vec::new, |sizing| sizing.decisions),
        fields,
        limit: cut.limit,
        stages: stages(prepared),
        checkpoint_strategy: recipe.checkpoint.strategy.as_str().to_owned(),
        checkpoint_files: points * estimate.partitions,
        workers: prepared.workers,
        ray_address: (recipe.executor.kind.is_ray()).then(|| recipe.executor.ray_address.clone()),
        workers_as_ray_has: recipe.executor.workers.is_none(),
        worker_processes: prepared.recipe.executor.kind == ExecutorKind::Process,
        space: prepared.disks(&disk),
        stores: prepared.stores(&disk),
        scratch: layout.url().map(|_| layout.job_dir().to_owned()),
        traffic: prepared.traffic(&resolved.sources, &disk, estimate.partitions),
        disk,
        export_path: prepared.outputs.export().place().to_string().into(),
        traced_operators: prepared.traced_operators() as u64,
        work_dir: recipe.paths.work_dir.clone(),
        notes,
    })
}

fn stages(prepared: &Prepared) -> Vec<StageView> {
    let names = prepared.operator_names();
    let stages = prepared.pipeline.stages().into_iter();
    let views = stages.map(|stage| {
        let (first, end) = (stage.operators.start, stage.operators.end);
        let points = prepared.checkpoints.iter().copied();
        StageView {
            first,
            operators: names[first as usize..end as usize].to_vec(),
            checkpoints: points
                .filter(|point| *point > stage.begin() && *point <= end)
                .collect(),
            in_package: (first..end)
                .filter(|at| {
                    let operators = prepared.pipeline.operators();
                    let operator = operators.get(*at as usize);
                    operator.is_some_and(|operator| operator.runs_in().is_some())
                })
                .map(|at| at + 1)
                .collect(),
            barrier: names.get(end as usize).cloned(),
            places_records: prepared
                .pipeline
                .operators()
                .get(end as usize)
                .and_then(|operator| operator.barrier())
                .is_some_and(|barrier| barrier.rule.moves_records()),
        }
    });
    views.collect()
}

/// The size of a dataset, as estimated from a sample.
#[derive(Debug, Default)]
struct Estimate {
    records: u64,
    bytes: u64,
    partitions: u64,
    copied_bytes: u64,
    exact: bool,
}

/// The part of one file that was read.
#[derive(Clone, Copy, Debug, Default)]
struct Sample {
    records: u64,
    bytes: u64,
    whole: bool,
}

impl Estimate {
    fn of(
        resolved: &Resolved,
        prepared: &Prepared,
        cut: &CutSettings,
    ) -> Result<(Self, Option<Mixing>)> {
        let sources = &resolved.sources;
        let mut budget = SAMPLE_BYTES;
        let mut samples = Vec::with_capacity(sources.len());
        for source in sources {
            let sample = Sample::take(source, budget, prepared.cut.max_record_bytes)?;
            budget = budget.saturating_sub(sample.bytes);
            samples.push(sample);
        }
        let seen_records: u64 = samples.iter().map(|sample| sample.records).sum();
        let seen_bytes: u64 = samples.iter().map(|sample| sample.bytes).sum();
        let record_bytes = (seen_bytes as f64 / seen_records.max(1) as f64).max(1.0);
        let whole: Vec<(u64, u64)> = sources
            .iter()
            .zip(&samples)
            .map(|(source, sample)| sample.of_whole(source, record_bytes))
            .collect();
        let mixing = mixing(resolved, &whole, prepared)?;
        let parts = mixing.iter().flat_map(|mixing| &mixing.parts);
        let readings = parts.zip(&resolved.of_paths);
        let mut readings =
            readings.flat_map(|(part, sources)| std::iter::repeat_n(part.all_readings(), *sources));
        let mut estimate = Self {
            exact: samples.iter().all(|sample| sample.whole),
            ..Self::default()
        };
        for (source, whole) in sources.iter().zip(whole) {
            for _ in 0..readings.next().unwrap_or(1) {
                estimate.add(source, whole, prepared, cut);
            }
        }
        Ok((estimate, mixing))
    }

    fn add(
        &mut self,
        source: &Source,
        (mut records, mut bytes): (u64, u64),
        prepared: &Prepared,
        cut: &CutSettings,
    ) {
        let room = cut
            .limit
            .map_or(u64::MAX, |limit| limit.saturating_sub(self.records));
        if records > room {
            bytes = (bytes as f64 / records as f64 * room as f64) as u64;
            records = room;
        }
        let parts = records
            .div_ceil(cut.max_records.max(1))
            .max(bytes.div_ceil(cut.max_bytes.max(1)));
        let asked = prepared
            .recipe
            .partition
            .num_of_partitions
            .map(|asked| asked.min(records));
        self.records += records;
        self.bytes += bytes;
        self.partitions = match asked {
            Some(asked) => asked.min(self.records),
            None => self.partitions + if records > 0 { parts } else { 0 },
        };
        if prepared.is_copied(source) {
            self.copied_bytes += bytes;
        }
    }
}

/// Returns the mixture of the dataset by the approximate number of records of its files; none if the recipe mixes nothing.
fn mixing(
    resolved: &Resolved,
    whole: &[(u64, u64)],
    prepared: &Prepared,
) -> Result<Option<Mixing>> {
    let mut rest = whole;
    let records = resolved.of_paths.iter().map(|count| {
        let (own, others) = rest.split_at((*count).min(rest.len()));
        rest = others;
        own.iter().map(|(records, _)| records).sum()
    });
    let records: Vec<u64> = records.collect();
    Ok(prepared.mixing(&resolved.of_paths, &records)?)
}

fn planned_paths(mixing: &Mixing, prepared: &Prepared, counted: bool) -> Vec<PlannedPath> {
    let dataset = &prepared.recipe.dataset;
    // If there are several paths, each is repeated until its share is full. A single path gives no more records than it has.
    let is_share = dataset.max_sample_num.is_some() && mixing.parts.len() > 1;
    let paths = mixing.parts.iter().zip(dataset.shown_paths());
    let planned = paths.map(|(part, path)| PlannedPath {
        path: path.into_owned(),
        records: part.records,
        readings: part.readings,
        drawn: part.drawn,
        sampled: part.taken(),
        exact: counted || is_share,
    });
    planned.collect()
}

impl Sample {
    /// Returns about how many records and bytes the whole source has.
    fn of_whole(&self, source: &Source, record_bytes: f64) -> (u64, u64) {
        if self.whole {
            return (self.records, self.bytes);
        }
        let packed = source.compression != FileCompression::None;
        let length = source.identity.length * if packed { UNPACKED_PER_BYTE } else { 1 };
        let bytes = length.max(self.bytes);
        ((bytes as f64 / record_bytes) as u64, bytes)
    }

    /// Reads the metadata of a columnar file; nothing if it cannot be read.
    fn of_table(source: &Source) -> Self {
        TableFile::open(source).map_or_else(
            |_| Self::default(),
            |file| Self {
                records: file.rows(),
                bytes: file.groups().iter().map(|group| group.decoded_bytes).sum(),
                whole: true,
            },
        )
    }

    /// Reads the head of a file. A packed file is read to its end if the budget allows, because its length says little.
    fn take(source: &Source, budget: u64, max_record_bytes: u64) -> Result<Self> {
        if let Format::Damaged(_) = source.format {
            return Ok(Self::default());
        }
        if source.is_columnar() {
            return Ok(Self::of_table(source));
        }
        let wanted = if source.is_addressable() {
            FILE_SAMPLE_BYTES.min(budget)
        } else {
            budget
        };
        let mut sample = Self::default();
        if wanted == 0 {
            return Ok(sample);
        }
        let mut stream = LineStream::open(source, 0, None, max_record_bytes)?;
        let mut lines = Lines::default();
        while sample.bytes < wanted {
            match stream.next_block(&mut lines)? {
                Block::End => {
                    sample.whole = true;
                    break;
                }
                Block::LongRecord { first, .. } => sample.records += u64::from(first),
                Block::Lines => sample.records += lines.records.len() as u64,
            }
            sample.bytes += lines.bytes.len() as u64;
        }
        Ok(sample)
    }
}

#[cfg(test)]
mod tests;
