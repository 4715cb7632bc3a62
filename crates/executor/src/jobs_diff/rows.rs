//! The rows of a job's export: from its results, or from the export itself.

use std::path::Path;
use std::sync::Arc;

use coldpress_barrier::Verdict;
use coldpress_dataset::{Block, LineStream, Source, TableFile, TableRows, resolve};
use coldpress_export::{is_url, staged_digest};
use coldpress_job::{ExportIntent, JobId, JobState, Journal, Layout, Publication, open_stores};
use coldpress_record::{Batch, DeclaredFields, Lines, Origin};
use coldpress_storage::{Error as StorageError, StoreSchemes, Stores};
use coldpress_worker::{BarrierFile, OpenFiles, Picked, pick_rows};

use crate::error::{Error, ErrorKind, Result};

/// Longer than any record.
const MAX_RECORD_BYTES: u64 = 1 << 30;
/// What a page of a columnar file may take.
const TABLE_BYTES: u64 = 256 << 20;

/// The rows of a job's export.
pub(super) struct JobRows {
    job: JobId,
    pub(super) state: JobState,
    pub(super) export: String,
    stores: Stores,
    from: Rows,
}

enum Rows {
    /// The partitions that the export has, in order.
    Results(Vec<u32>),
    /// The files of the export, in order.
    Export(Vec<Source>),
}

/// Opens the rows of two jobs, both from results or both from exports, because an export with columns spells them differently.
pub(super) fn open(
    first: &Layout,
    second: &Layout,
    schemes: &StoreSchemes,
    remarks: &mut Vec<String>,
) -> Result<[JobRows; 2]> {
    let mut jobs = [
        JobRows::open(first, schemes)?,
        JobRows::open(second, schemes)?,
    ];
    let lacking = jobs.iter().filter(|job| !job.has_results());
    let lacking: Vec<String> = lacking.map(|job| job.export.clone()).collect();
    if lacking.is_empty() {
        return Ok(jobs);
    }
    remarks.push(
        "the results of a job are not kept any more, so the exports are compared, which do not say where a record came from"
            .to_owned(),
    );
    for (job, layout) in jobs.iter_mut().zip([first, second]) {
        job.read_export(layout)?;
    }
    Ok(jobs)
}

impl JobRows {
    fn open(layout: &Layout, schemes: &StoreSchemes) -> Result<Self> {
        let job = layout.job_id();
        if !Journal::exists(layout)? {
            let message = format!("the job `{job}` has no journal");
            return Err(Error::new(ErrorKind::NoSuchJob, message));
        }
        let state = Journal::read(layout)?;
        let stores = open_stores(layout, &state, schemes)?;
        let intent = state.export().committed.as_ref();
        let no_export = || {
            let message = format!("the job `{job}` has no export yet; resume it first");
            Error::new(ErrorKind::Failed, message)
        };
        let intent = intent.ok_or_else(no_export)?.clone();
        let partitions = 0..state.partition_count();
        let partitions = partitions
            .filter(|partition| !intent.partitions_left_out.contains(partition))
            .collect();
        Ok(Self {
            job: job.clone(),
            export: intent.path.clone(),
            from: Rows::Results(partitions),
            stores,
            state,
        })
    }

    /// Returns whether the origin of each row is known.
    pub(super) fn has_origins(&self) -> bool {
        matches!(self.from, Rows::Results(_))
    }

    fn intent(&self) -> Option<&ExportIntent> {
        self.state.export().committed.as_ref()
    }

    fn result(&self, partition: u32) -> Option<&Publication> {
        let result = self.state.published(partition, self.intent()?.chain)?;
        let is_gone = |file| self.state.is_forgotten(file);
        let kept = result.kept.as_ref().is_none_or(|kept| !is_gone(&kept.key));
        kept.then_some(result)
    }

    fn has_results(&self) -> bool {
        match &self.from {
            Rows::Results(partitions) => partitions
                .iter()
                .all(|partition| self.result(*partition).is_some()),
            Rows::Export(_) => false,
        }
    }

    /// Reads the export instead of the results. It must be what the job made.
    fn read_export(&mut self, layout: &Layout) -> Result<()> {
        let job = layout.job_id();
        let Some(intent) = self.intent() else {
            return Ok(());
        };
        if is_url(&intent.path) {
            let message = format!(
                "the results of the job `{job}` are not kept, and its export `{}` is in a store, from which it is not read \
                 here; keep them with `intermediate_storage.retention_policy: keep_all`",
                intent.path
            );
            return Err(Error::new(ErrorKind::Refused, message));
        }
        let path = Path::new(&intent.path);
        let found = staged_digest(path, intent.directory).ok();
        if found != Some((intent.length, intent.digest)) {
            let message = format!(
                "`{}` is not what the job `{job}` exported: it was replaced, changed or removed since",
                intent.path
            );
            return Err(Error::new(ErrorKind::Refused, message));
        }
        let place = match intent.directory {
            true => format!("{}/", intent.path.trim_end_matches('/')),
            false => intent.path.clone(),
        };
        self.from = Rows::Export(resolve(&[place], &[])?.sources);
        Ok(())
    }

    /// Goes through all rows in order: the number of each, where it came from, if that is known, and the record.
    pub(super) fn each(
        &self,
        mut each: impl FnMut(u64, Option<&Origin>, &str) -> Result<()>,
    ) -> Result<()> {
        let mut row = 0;
        match &self.from {
            Rows::Results(partitions) => {
                for partition in partitions {
                    self.each_of_result(*partition, |origin, record| {
                        row += 1;
                        each(row - 1, Some(origin), record)
                    })?;
                }
            }
            Rows::Export(sources) => {
                for source in sources {
                    each_of_file(source, |record| {
                        row += 1;
                        each(row - 1, None, record)
                    })?;
                }
            }
        }
        Ok(())
    }

    fn each_of_result(
        &self,
        partition: u32,
        mut each: impl FnMut(&Origin, &str) -> Result<()>,
    ) -> Result<()> {
        let damaged = |reason: String| {
            let message = format!("the result of partition {partition} cannot be read: {reason}");
            Error::new(ErrorKind::Failed, message)
        };
        let result = self.result(partition);
        let result = result.ok_or_else(|| damaged("it is not kept any more".to_owned()))?;
        for file in [&result.rows, &result.index] {
            let proven = self.stores.verify(file);
            proven.map_err(|error| match error {
                StorageError::InputGone { input, .. } => input_needed(&self.job, &input),
                error => damaged(error.to_string()),
            })?;
        }
        let wanted: Vec<u64> = match &result.kept {
            None => (0..result.ledger.exported()).collect(),
            Some(kept) => {
                let opened = BarrierFile::open(&self.stores, kept, &OpenFiles::default())
                    .map_err(|error| damaged(error.to_string()))?;
                let verdict = Verdict::read(&opened).map_err(|error| damaged(error.to_string()))?;
                let decision = verdict.decision;
                (0..decision.rows())
                    .filter(|row| decision.stays(*row))
                    .collect()
            }
        };
        let mut failed = None;
        let picked = pick_rows(
            &self.stores,
            &result.rows,
            &result.index,
            &wanted,
            |picked| {
                let Picked { origin, record, .. } = picked;
                if failed.is_none() {
                    failed = each(&origin, &record).err();
                }
            },
        );
        picked.map_err(|error| damaged(error.message))?;
        failed.map_or(Ok(()), Err)
    }
}

/// The error of a job whose results say where in its input their records are.
fn input_needed(job: &JobId, input: &Path) -> Error {
    let message = format!(
        "the input of the job `{job}` is not at `{}` any more, and is needed: the job's results only say where in it the \
         records are that no operator changed; put it back there",
        input.display()
    );
    Error::new(ErrorKind::Failed, message)
}

fn each_of_file(source: &Source, mut each: impl FnMut(&str) -> Result<()>) -> Result<()> {
    let (mut batch, fields) = (Batch::default(), DeclaredFields::default());
    let mut give = |batch: &Batch| {
        let mut rows = batch.selection().iter();
        rows.try_for_each(|row| each(&batch.record(*row as usize)))
    };
    if source.is_columnar() {
        let file = TableFile::open(source)?.with_memory(TABLE_BYTES);
        let mut stream = file.stream(0..file.rows())?;
        while let Some(rows) = stream.next_rows()? {
            let count = rows.num_rows() as u64;
            Arc::new(TableRows::new(rows)).fill(&mut batch, 0, 0..count, &fields);
            give(&batch)?;
        }
        return Ok(());
    }
    let mut stream = LineStream::open(source, 0, None, MAX_RECORD_BYTES)?;
    let mut lines = Lines::new(0);
    while stream.next_block(&mut lines)? != Block::End {
        let mut rejects = Vec::new();
        batch.fill(&mut lines, &fields, &mut rejects);
        let _ = batch.take_seen();
        if let Some(reject) = rejects.first() {
            let path = source.path.display();
            let message = format!(
                "`{path}` holds something that is not a record: {}",
                reject.reason
            );
            return Err(Error::new(ErrorKind::Failed, message));
        }
        give(&batch)?;
    }
    Ok(())
}
