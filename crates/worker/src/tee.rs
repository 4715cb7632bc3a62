//! Checkpoints on the way: what is set aside of each batch between two operators.

use coldpress_checkpoint::{
    DeltaBase, DeltaOptions, DeltaWriter, Manifest, RowGroups, RowsOptions, RowsWriter,
};
use coldpress_operator::Chain;
use coldpress_record::{Batch, Ledger};
use coldpress_storage::{FileStamp, ObjectName, ObjectRef, Place};

use crate::attempt::Assignment;
use crate::error::AttemptError;
use crate::outcome::CheckpointOutcome;

/// What is set aside at the points of an attempt.
pub(crate) enum Tee {
    /// What changed since the point before, all points in one file.
    Delta(Box<DeltaTee>),
    /// Whole records, a file per point.
    Full(Vec<FullTee>),
}

/// Where an attempt begins, as far as its checkpoints must know.
pub(crate) enum Base {
    /// At the slice, or behind these delta files over it.
    Slice(DeltaBase),
    /// At rows of another kind.
    Rows,
}

impl Base {
    /// The beginning of an attempt that reads the slice.
    pub(crate) fn slice(work: Assignment<'_>) -> Self {
        Self::Slice(DeltaBase {
            operation: 0,
            chain: work.base.to_string(),
            files: Vec::new(),
        })
    }
}

impl Tee {
    /// The tee of an attempt that begins at `base` and has a point behind each of these numbers of operators.
    pub(crate) fn create(
        work: Assignment<'_>,
        points: &[u32],
        base: Base,
        chain: &Chain,
    ) -> Result<Self, AttemptError> {
        match base {
            Base::Slice(base) if !work.spec.checkpoints.full && !points.is_empty() => {
                DeltaTee::create(work, base, chain).map(|tee| Self::Delta(Box::new(tee)))
            }
            // What changed can only be told from what can be read again.
            _ => points
                .iter()
                .map(|point| FullTee::create(work, *point, chain))
                .collect::<Result<_, _>>()
                .map(Self::Full),
        }
    }

    /// Before the operators of a segment run over a batch.
    pub(crate) fn before(&mut self, batch: &mut Batch) {
        if let Self::Delta(delta) = self {
            delta.rows_before = batch.selection().len() as u32;
            batch.begin_record();
        }
    }

    /// Behind the operators that lead to a point.
    pub(crate) fn after(
        &mut self,
        point: usize,
        batch: &mut Batch,
        chain: &Chain,
    ) -> Result<(), AttemptError> {
        match self {
            Self::Delta(delta) => delta.write(point, batch),
            Self::Full(points) => match points.get_mut(point) {
                Some(full) => Ok(full.writer.write(batch, chain.fields())?),
                None => Ok(()),
            },
        }
    }

    /// Makes everything durable. `points` are what is true behind each point but for the rows, `attempt` what is true of the
    /// whole attempt.
    pub(crate) fn finish(
        self,
        work: Assignment<'_>,
        points: Vec<Manifest>,
        whole: &Manifest,
        chain: &Chain,
    ) -> Result<Vec<CheckpointOutcome>, AttemptError> {
        let points = points.into_iter().map(|manifest| at_point(work, manifest));
        let points = points.collect::<Result<Vec<_>, _>>()?;
        match self {
            Self::Delta(delta) => delta.finish(work, points, whole, chain),
            Self::Full(tees) => {
                let pairs = tees.into_iter().zip(points);
                pairs
                    .map(|(tee, manifest)| tee.finish(work, manifest, chain))
                    .collect()
            }
        }
    }
}

/// What is true behind a point: the ledger is that of the operators before it.
pub(crate) fn at_point(work: Assignment<'_>, manifest: Manifest) -> Result<Manifest, AttemptError> {
    let operation = manifest.operation as usize;
    let operators = manifest.ledger.operators[..operation].to_vec();
    Ok(Manifest {
        chain: work.chain_after(manifest.operation)?.to_string(),
        ledger: Ledger {
            operators,
            ..manifest.ledger
        },
        ..manifest
    })
}

fn outcome(
    work: Assignment<'_>,
    chain: &Chain,
    (operation, rows): (u32, u64),
    (name, stamp): (&ObjectName, FileStamp),
    base: Option<&DeltaBase>,
) -> Result<CheckpointOutcome, AttemptError> {
    Ok(CheckpointOutcome {
        operation,
        operator: operator(chain, operation),
        chain: work.chain_after(operation)?,
        file: ObjectRef::new(Place::Checkpoints, name.clone(), stamp),
        rows,
        delta: base.is_some(),
        base: base.map_or_else(Vec::new, |base| base.files.clone()),
    })
}

/// The operator before a point.
fn operator(chain: &Chain, operation: u32) -> String {
    let name = chain.names().nth(operation.saturating_sub(1) as usize);
    name.unwrap_or_default().to_owned()
}

/// The delta file of an attempt.
pub(crate) struct DeltaTee {
    name: ObjectName,
    writer: DeltaWriter,
    base: DeltaBase,
    rows_before: u32,
    part: Vec<u8>,
}

impl DeltaTee {
    fn create(work: Assignment<'_>, base: DeltaBase, chain: &Chain) -> Result<Self, AttemptError> {
        let (format, compression) = (
            work.spec.checkpoints.format,
            work.spec.checkpoints.compression,
        );
        let name = work.attempt.name().labelled("deltas");
        let name = name.suffix(format.suffix(compression)).object()?;
        let fields = chain.fields().paths().iter();
        let fields: Vec<String> = fields.map(|path| path.name().to_owned()).collect();
        let stats = chain.pipeline().stats().iter();
        let stats: Vec<String> = stats.map(|stat| stat.name.clone()).collect();
        let options = DeltaOptions {
            format,
            compression,
            fields: &fields,
            stats: &stats,
            base: &base,
        };
        Ok(Self {
            writer: DeltaWriter::create(work.stores.put_new(Place::Checkpoints, &name)?, &options)?,
            name,
            base,
            rows_before: 0,
            part: Vec::new(),
        })
    }

    fn write(&mut self, point: usize, batch: &mut Batch) -> Result<(), AttemptError> {
        self.part.clear();
        batch.end_record(&mut self.part);
        let rows_after = batch.selection().len() as u32;
        Ok(self
            .writer
            .write_part(point, self.rows_before, rows_after, &self.part)?)
    }

    fn finish(
        self,
        work: Assignment<'_>,
        points: Vec<Manifest>,
        whole: &Manifest,
        chain: &Chain,
    ) -> Result<Vec<CheckpointOutcome>, AttemptError> {
        let with_rows = |(section, manifest): (usize, Manifest)| Manifest {
            rows: self.writer.rows(section),
            ..manifest
        };
        let sections: Vec<Manifest> = points.into_iter().enumerate().map(with_rows).collect();
        let stamp = self.writer.finish(whole, &sections)?;
        let made = sections.iter().map(|section| {
            let place = (section.operation, section.rows);
            outcome(work, chain, place, (&self.name, stamp), Some(&self.base))
        });
        made.collect()
    }
}

/// A checkpoint of whole records.
pub(crate) struct FullTee {
    name: ObjectName,
    writer: RowsWriter,
}

impl FullTee {
    fn create(work: Assignment<'_>, operation: u32, chain: &Chain) -> Result<Self, AttemptError> {
        let (format, compression) = (
            work.spec.checkpoints.format,
            work.spec.checkpoints.compression,
        );
        let name = work.attempt.name();
        let name = name.of_operator(operation, &operator(chain, operation));
        let name = name.suffix(format.suffix(compression)).object()?;
        let options = RowsOptions {
            with_records: true,
            format,
            compression,
            stats: chain.pipeline().stats(),
            groups: (work.spec.checkpoints.group_rows).map_or(RowGroups::One, RowGroups::Rows),
            ..RowsOptions::default()
        };
        let writer = RowsWriter::create(work.stores.put_new(Place::Checkpoints, &name)?, &options)?;
        Ok(Self { name, writer })
    }

    fn finish(
        self,
        work: Assignment<'_>,
        manifest: Manifest,
        chain: &Chain,
    ) -> Result<CheckpointOutcome, AttemptError> {
        let place = (manifest.operation, self.writer.rows());
        let manifest = Manifest {
            rows: place.1,
            ..manifest
        };
        let stamp = self.writer.finish(&manifest)?;
        outcome(work, chain, place, (&self.name, stamp), None)
    }
}
