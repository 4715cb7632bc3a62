//! What the search for records that kill comes to: the next way of trying, and verdicts in the journal.

use coldpress_events::{Event, EventKind};
use coldpress_job::{JournalRecord, PoisonFound};
use coldpress_operator::ChainHash;
use coldpress_worker::{InHand, Outcome, WorkerDeath};

use super::Driver;
use crate::error::Result;
use crate::report::SourceNames as _;
use crate::watch::poison::{Accused, ON_TRIAL_AT_MOST};

impl Driver<'_> {
    /// Looks into the death of a worker; gives how many records of the partition were put on trial so far, if one more was.
    pub(super) fn look_for_poison(
        &mut self,
        partition: u32,
        death: &WorkerDeath,
    ) -> Result<Option<u32>> {
        let failure = &self.executor.prepared.recipe.failure;
        let is_wanted = failure.isolate_poison && failure.skip_op_error;
        if !is_wanted || death.is_for_memory {
            return Ok(None);
        }
        let findings = self.suspects.take(partition, death);
        self.convict(partition, findings.convicted)?;
        if findings.is_given_up {
            self.teller.warn(format!(
                "worker processes die at {ON_TRIAL_AT_MOST} records in a row of partition {partition}, so it is not the \
                 records: none of them goes to quarantine for it"
            ));
        }
        Ok(findings.accused)
    }

    /// An attempt did its work without the records that were on trial.
    pub(super) fn convict_those_on_trial(&mut self, outcome: &Outcome) -> Result<()> {
        let partition = outcome.task.partition;
        // The operator at a barrier behind the stage has signed.
        let result = outcome.result.as_ref();
        let has_signed = result.is_some_and(|result| result.signatures.is_some());
        let reached = outcome.ledger.operators.len() as u32 + u32::from(has_signed);
        let convicted = self.suspects.survived(partition, reached);
        self.convict(partition, convicted)
    }

    fn convict(&mut self, partition: u32, convicted: Vec<Accused>) -> Result<()> {
        convicted
            .into_iter()
            .try_for_each(|accused| self.write_verdict(partition, &accused))
    }

    /// The operators at barriers, with a hash of what is done until they have signed. That behind them is not known before
    /// all is signed.
    pub(super) fn signers(&self) -> Vec<(u32, ChainHash)> {
        let pipeline = &self.executor.prepared.pipeline;
        let signer = |place: u32| {
            let before = self.truth.chain().get(place as usize)?;
            let identity = pipeline.operators()[place as usize].signature_identity();
            Some((place, before.then(identity)))
        };
        pipeline.barriers().into_iter().filter_map(signer).collect()
    }

    fn write_verdict(&mut self, partition: u32, accused: &Accused) -> Result<()> {
        let InHand { origin, operation } = &accused.record;
        let place = *operation as usize;
        let names = self.executor.prepared.operator_names();
        let signers = self.signers();
        let mut signers = signers.iter();
        let signer = signers.find(|(place, _)| place == operation);
        let chain = signer.map(|(_, hash)| hash);
        let chain = chain.or_else(|| self.truth.chain().get(place + 1));
        let (Some(operator), Some(chain)) = (names.get(place), chain.copied()) else {
            return Ok(());
        };
        self.truth.record(JournalRecord::PoisonFound(PoisonFound {
            partition,
            origin: origin.clone(),
            operation: *operation,
            operator: operator.clone(),
            chain,
            reason: accused.reason(),
        }))?;
        let label = self.executor.prepared.pipeline.label(place);
        let message = format!(
            "the record at {} of `{}` killed two workers in {label} {}: it goes to quarantine; `coldpress quarantine \
             retry {}` has it tried again",
            self.sources.place(origin.source, origin.position),
            self.sources.path(origin.source),
            accused.how,
            self.executor.layout.job_id()
        );
        let event = Event::new(EventKind::Warning, message).partition(partition);
        self.teller
            .warn_of(event.operation(operator.clone(), *operation));
        Ok(())
    }

    /// Lifts the verdicts on records of partitions that are worked on by processes again: what killed may be gone, and if
    /// it is not, only a process dies of it once more.
    pub(super) fn try_poison_again(&mut self) -> Result<()> {
        if !self.executor.backend.survives_deaths() {
            return Ok(());
        }
        for partition in 0..self.truth.state().partition_count() {
            let has_verdicts = !self.truth.state().poison(partition).is_empty();
            if has_verdicts && self.usable_result(partition).is_none() {
                self.truth
                    .record(JournalRecord::PoisonLifted { partition })?;
            }
        }
        Ok(())
    }
}
