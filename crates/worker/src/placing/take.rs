//! Taking the rows of one result: those that come out go to be sorted, the others are set aside.

use std::sync::Arc;

use coldpress_barrier::{Arranged, Arrangement, Arranger};
use coldpress_checkpoint::RowBlock;
use coldpress_dataset::RowsForm;
use coldpress_operator::{Chain, Decision, Guard, Poison};
use coldpress_record::{Batch, DeclaredFields, Lines, OperatorLedger, Origin};

use super::packed::{columns_of, pack};
use super::slices::Slices;
use super::{JudgedResult, Placing, PlacingError, SetAside, failed, unreadable};
use crate::dropped::DroppedWriter;
use crate::error::AttemptError;
use crate::input::{LineRows, open_lines};
use crate::quarantine::{QuarantineEntry, QuarantineWriter};

/// What is known across all results.
pub(super) struct Flow {
    /// The ordinal of the next record.
    pub(super) next: u64,
    /// How many groups have begun.
    pub(super) groups: u64,
    /// How many rows each partition gets from others.
    pub(super) moved_in: Vec<u64>,
}

/// The rows of one result on their way.
pub(super) struct Taking<'a> {
    placing: &'a Placing<'a>,
    partition: u32,
    result: &'a JudgedResult,
    slices: Slices,
    rows: LineRows,
    set_aside: SetAside,
    quarantine: QuarantineWriter,
    dropped: Option<DroppedWriter>,
    /// Rows of the current block that are dropped.
    goes: Vec<usize>,
    batch: Batch,
    /// The operator, made where a record must be signed again to learn why it cannot be.
    signer: Option<Chain>,
}

impl<'a> Taking<'a> {
    pub(super) fn new(
        placing: &'a Placing<'a>,
        partition: u32,
        result: &'a JudgedResult,
        slices: Slices,
    ) -> Result<Self, PlacingError> {
        let stores = placing.stores;
        let name = placing.name(partition);
        let RowsForm::Lines(packing) = RowsForm::of_path(result.rows.name().as_str()) else {
            let reason = "its rows are no lines".to_owned();
            return Err(PlacingError::Damaged { partition, reason });
        };
        let rows = open_lines(stores, &result.rows, &result.index, packing);
        let suffix = format!(".op{:03}.jsonl", placing.operator);
        let dropped = placing.spec.keep_dropped;
        let ledger = OperatorLedger {
            name: placing.operator_name().into(),
            ..OperatorLedger::default()
        };
        Ok(Self {
            placing,
            partition,
            result,
            slices,
            rows: rows.map_err(|error| unreadable(partition, error))?,
            set_aside: SetAside {
                ledger,
                ..SetAside::default()
            },
            quarantine: QuarantineWriter::new(stores, name.clone().suffix(&suffix)),
            dropped: dropped.then(|| DroppedWriter::new(stores, name)),
            goes: Vec::new(),
            batch: Batch::default(),
            signer: None,
        })
    }

    /// Takes all rows.
    pub(super) fn take(
        &mut self,
        arrangement: &mut Arrangement<'_>,
        arranger: &mut Arranger<'_>,
        flow: &mut Flow,
    ) -> Result<(), PlacingError> {
        let mut block = RowBlock::default();
        let mut positions = Vec::new();
        let mut unsigned = self.result.unsigned.iter().peekable();
        loop {
            self.placing.look()?;
            let more = self.rows.next(&mut block);
            let partition = self.partition;
            if !more.map_err(|error| unreadable(partition, error.into()))? {
                return Ok(());
            }
            let columns = columns_of(&block, self.placing.pipeline.stats());
            for row in 0..block.rows() {
                let (ordinal, taken) = (flow.next, self.set_aside.ledger.records_in);
                flow.next += 1;
                self.set_aside.ledger.records_in += 1;
                if unsigned.next_if_eq(&&taken).is_some() {
                    self.quarantine(&block, row)?;
                    continue;
                }
                let found = arrangement.positions_of(ordinal, &mut positions);
                found.map_err(|error| failed(&error))?;
                self.count(&positions, arrangement.is_grouped(), flow);
                if positions.is_empty() {
                    self.goes.push(row);
                }
                for position in positions.drain(..) {
                    let bytes = pack(&block, row, &columns);
                    let record = Arranged {
                        position,
                        ordinal,
                        bytes,
                    };
                    arranger.push(record).map_err(|error| failed(&error))?;
                }
            }
            self.drop_rows(&mut block)?;
        }
    }

    /// Counts what becomes of a record that has these positions.
    fn count(&mut self, positions: &[u64], is_grouped: bool, flow: &mut Flow) {
        let ledger = &mut self.set_aside.ledger;
        match positions {
            [] => ledger.dropped += 1,
            // The first record of a group is what the group becomes.
            [position] if is_grouped && *position < flow.groups => ledger.absorbed += 1,
            positions => {
                flow.groups += u64::from(is_grouped);
                ledger.made += positions.len() as u64 - 1;
                for position in positions {
                    let to = self.slices.partition_of(*position);
                    let moved = to != u64::from(self.partition);
                    ledger.moved_out += u64::from(moved);
                    if let Some(count) = flow.moved_in.get_mut(to as usize) {
                        *count += u64::from(moved);
                    }
                }
            }
        }
    }

    /// Writes down the rows of the block that are dropped. The block has no lines any more then.
    fn drop_rows(&mut self, block: &mut RowBlock) -> Result<(), PlacingError> {
        let goes = std::mem::take(&mut self.goes);
        let Some(dropped) = self.dropped.as_mut().filter(|_| !goes.is_empty()) else {
            return Ok(());
        };
        let (batch, fields) = (&mut self.batch, DeclaredFields::default());
        let filled = block.fill_batch(batch, &fields);
        filled.map_err(|error| unreadable(self.partition, error.into()))?;
        let stats = self.placing.pipeline.stats().iter();
        batch.reset_stats(stats.map(|stat| stat.name.as_str()));
        block.restore_stats(batch);
        let mut lines = Vec::new();
        for row in goes {
            batch.write_record_with_stats(row, &fields, &mut lines);
        }
        Ok(dropped.put(self.placing.operator, &lines)?)
    }

    fn quarantine(&mut self, block: &RowBlock, row: usize) -> Result<(), PlacingError> {
        let line = &block.lines.bytes[block.lines.records[row].range()];
        let origin = &block.origins[row];
        let mut signer = match self.signer.take() {
            Some(signer) => signer,
            None => self.placing.make_signer()?,
        };
        let entry = self
            .placing
            .entry(&mut signer, self.result, line, origin.clone())?;
        self.signer = Some(signer);
        self.set_aside.ledger.quarantined += 1;
        Ok(self.quarantine.put(&entry)?)
    }

    /// Makes durable what was set aside.
    pub(super) fn finish(self) -> Result<SetAside, PlacingError> {
        let mut set_aside = self.set_aside;
        set_aside.quarantine = self.quarantine.finish()?;
        let dropped = self.dropped.map(DroppedWriter::finish).transpose()?;
        let dropped = dropped.into_iter().flatten().next();
        set_aside.dropped = dropped.map(|rows| rows.file);
        Ok(set_aside)
    }
}

impl Placing<'_> {
    fn make_signer(&self) -> Result<Chain, PlacingError> {
        let only = self.pipeline.only(self.operator as usize);
        let only = only.ok_or_else(|| PlacingError::Failed("there is no such operator".into()))?;
        only.instantiate(self.shared)
            .map_err(|error| PlacingError::Failed(error.to_string()))
    }

    /// The entry in the quarantine of a record that has no signature.
    fn entry(
        &self,
        signer: &mut Chain,
        result: &JudgedResult,
        line: &[u8],
        origin: Origin,
    ) -> Result<QuarantineEntry, PlacingError> {
        let (mut batch, mut lines) = (Batch::default(), Lines::new(0));
        lines.push(0, line);
        batch.fill(&mut lines, signer.fields(), &mut Vec::new());
        batch.set_origins([origin.clone()]);
        signer.begin(&mut batch);
        let mut decision = Decision::keep_all(1);
        decision.push_unsigned(0);
        signer.decide(&[Some(Arc::new(decision))]);
        // In its own chain the operator is the first one.
        let poison = result.poison.iter().map(|poison| Poison {
            operation: 0,
            ..poison.clone()
        });
        let poison: Vec<Poison> = poison.collect();
        let guard = Guard {
            poison: &poison,
            in_hand: None,
        };
        let mut tally = signer.tally();
        let ran = signer.run_guarded(&mut batch, 0..1, &mut tally, &guard);
        let failure = ran.err().map(|failure| *failure.failed);
        let mut failed = failure
            .or_else(|| tally.quarantined.pop())
            .ok_or_else(|| AttemptError::of_other_work().message)
            .map_err(PlacingError::Failed)?;
        failed.operation = self.operator;
        let source = self.spec.sources.get(origin.source as usize);
        let source = source.or_else(|| self.spec.sources.get(result.source as usize));
        let path = source.map_or("", |source| source.identity.path.as_str());
        Ok(QuarantineEntry::failed(path, failed))
    }
}
