//! One stretch of the way: a partition's records through operators that need nothing from others.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use coldpress_operator::{OperatorKind, ResolvedOperator, StageChain};
use coldpress_record::Origin;
use coldpress_worker::{
    Attempt, FailureKind, FollowEffect, FollowEvent, Followed, FollowedWay, Start,
};

use super::super::branches::{Branches, step};
use super::super::changes::changes;
use super::super::history::{Effect, Fate};
use super::super::named::kept_for;
use super::super::opened::OpenedJob;
use super::super::search::unreadable;
use crate::error::Result;

/// Where the records of a stretch come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum From {
    /// The slice of the partition.
    Slice,
    /// The output of an external operator.
    External,
    /// The rows that an operator at a barrier placed.
    Placed,
}

/// A record on its way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Live {
    pub(super) branch: usize,
    /// Its row among those that were placed in the partition; else its origin says which it is.
    pub(super) row: Option<u64>,
}

/// One stretch of the way.
pub(super) struct Stretch<'a> {
    pub(super) opened: &'a OpenedJob,
    pub(super) field: Option<&'a str>,
    pub(super) partition: u32,
    pub(super) from: From,
    /// Operators that are applied where it begins.
    pub(super) begin: u32,
    /// Operators that are applied where it ends.
    pub(super) until: u32,
}

/// What is known while the records walk.
struct Walking<'b> {
    branches: &'b mut Branches,
    by_origin: HashMap<Origin, usize>,
    by_row: HashMap<u64, usize>,
    /// The branch of the record that begins next.
    next: Option<usize>,
    /// By the number that the follower gives a record, its branch.
    of_id: HashMap<usize, usize>,
    begun: BTreeSet<usize>,
    left: Vec<(usize, u64)>,
    /// Duplicates whose kept records are to be found: the branch, and the row at the barrier.
    duplicates: BTreeMap<u32, Vec<(usize, u64)>>,
}

impl Stretch<'_> {
    /// Walks the stretch; gives the branches that are left, with their rows.
    ///
    /// What goes wrong is the fate of the records, unless the input changed.
    pub(super) fn walk(&self, branches: &mut Branches, live: &[Live]) -> Result<Vec<(usize, u64)>> {
        let attempt = match self.attempt() {
            Ok(attempt) => attempt,
            Err(reason) => {
                for one in live {
                    let reason = reason.clone();
                    branches.end(one.branch, Fate::Unknown { reason });
                }
                return Ok(Vec::new());
            }
        };
        let by_row = live.iter().filter_map(|one| Some((one.row?, one.branch)));
        let by_row = by_row.collect();
        let by_origin = live.iter().filter(|one| one.row.is_none());
        let by_origin = by_origin
            .map(|one| (branches.origin(one.branch).clone(), one.branch))
            .collect();
        let walking = RefCell::new(Walking {
            branches,
            by_origin,
            by_row,
            next: None,
            of_id: HashMap::new(),
            begun: BTreeSet::new(),
            left: Vec::new(),
            duplicates: BTreeMap::new(),
        });
        let way = FollowedWay {
            attempt: &attempt,
            until: self.until,
            records: match self.from {
                // There may be several of one.
                From::External => usize::MAX,
                From::Slice | From::Placed => live.len(),
            },
        };
        let followed = self.opened.follower().follow(
            way,
            |origin, row| walking.borrow_mut().is_wanted(origin, row),
            |followed| self.take(&mut walking.borrow_mut(), followed),
        );
        let mut walking = walking.into_inner();
        let reason = match followed {
            Err(error) if error.kind == FailureKind::InputChanged => return Err(unreadable(error)),
            Err(error) => Some(error.message),
            Ok(()) => None,
        };
        self.name_duplicates(&mut walking);
        let begun = std::mem::take(&mut walking.begun);
        let left: BTreeSet<usize> = walking.left.iter().map(|(branch, _)| *branch).collect();
        let all: Vec<usize> = live
            .iter()
            .map(|one| one.branch)
            .chain(walking.of_id.values().copied())
            .collect();
        for branch in all {
            if walking.branches.has_ended(branch) || left.contains(&branch) {
                continue;
            }
            let fate = match (&reason, self.from) {
                (Some(reason), _) => Fate::Unknown {
                    reason: reason.clone(),
                },
                (None, From::External) if !begun.contains(&branch) => {
                    self.lost_in_external(walking.branches, branch)
                }
                (None, _) => Fate::Unknown {
                    reason: "it is not among the records that the job went on with".to_owned(),
                },
            };
            walking.branches.end(branch, fate);
        }
        Ok(walking.left)
    }

    /// The work that is done again.
    fn attempt(&self) -> Result<Attempt, String> {
        let opened = self.opened;
        let not_kept = || "what is needed to follow it further is not kept any more".to_owned();
        let stages = opened.stages();
        let stage = stages
            .iter()
            .find(|stage| stage.operators.end >= self.until)
            .ok_or_else(not_kept)?;
        let chain = StageChain::of(stage, &opened.chain).ok_or(
            "the operators or their files are not what they were when the job ran".to_owned(),
        )?;
        let starts = match self.from {
            From::Slice => Vec::new(),
            From::External => {
                let found = opened.work_after(self.partition, &chain, self.begin);
                if found.is_empty() {
                    let names = opened.executor.prepared.operator_names();
                    let name = names.get(self.begin as usize - 1);
                    return Err(format!(
                        "`{}` is an external operator and is not called again, and its output for this partition is not there",
                        name.map_or("?", String::as_str)
                    ));
                }
                found
            }
            From::Placed => {
                let stage = opened
                    .executor
                    .prepared
                    .pipeline
                    .barriers()
                    .iter()
                    .position(|place| place + 1 == self.begin)
                    .ok_or_else(not_kept)?;
                let results = opened.placed_results(stage as u32);
                let result = results.get(self.partition as usize).copied().flatten();
                let result = result.ok_or_else(not_kept)?;
                if opened.state.is_forgotten(&result.rows.key)
                    || opened.state.is_forgotten(&result.index.key)
                {
                    return Err(not_kept());
                }
                vec![Start::Result {
                    operation: self.begin,
                    rows: result.rows.clone(),
                    index: result.index.clone(),
                }]
            }
        };
        let attempt = opened.attempt(self.partition, chain, stage.index, starts, self.decisions());
        attempt.ok_or_else(not_kept)
    }

    /// What was decided about the partition at the barriers up to the end of the stretch. Those before it are applied already.
    fn decisions(&self) -> Vec<Option<coldpress_storage::ObjectRef>> {
        let barriers = self.opened.executor.prepared.pipeline.barriers();
        let before = (0..).zip(barriers).filter(|(_, place)| *place < self.until);
        let decision = |(stage, place): (u32, u32)| {
            let resolved = self.opened.state.barrier(stage);
            let files = resolved.filter(|_| place >= self.begin)?;
            files.files.get(self.partition as usize).cloned()
        };
        before.map(decision).collect()
    }

    fn take(&self, walking: &mut Walking<'_>, followed: Followed) {
        let Followed { id, event } = followed;
        match event {
            FollowEvent::Begun { origin, record, .. } => self.begin(walking, id, origin, record),
            FollowEvent::Passed {
                operation,
                arrival,
                stats,
                effect,
            } => {
                if let Some(branch) = walking.of_id.get(&id).copied() {
                    self.pass(walking, branch, (operation, arrival), stats, effect);
                }
            }
            FollowEvent::Ended { row } => {
                if let Some(branch) = walking.of_id.get(&id).copied() {
                    walking.left.push((branch, row));
                }
            }
        }
    }

    fn begin(&self, walking: &mut Walking<'_>, id: usize, origin: Origin, record: String) {
        let Some(branch) = walking.next.take() else {
            return;
        };
        walking.begun.insert(branch);
        let mut this = branch;
        if self.from == From::External {
            let before = walking.branches.record(branch);
            let is_piece = origin != *walking.branches.origin(branch);
            let effect = match (is_piece, before == record) {
                (true, _) => Effect::Split { pieces: 1 },
                (false, true) => Effect::Unchanged,
                (false, false) => Effect::Changed {
                    fields: changes(before, &record),
                },
            };
            match (is_piece, walking.branches.last_step(branch)) {
                (true, Some(last)) if last.operation + 1 == self.begin => {
                    if let Effect::Split { pieces } = &mut last.effect {
                        *pieces += 1;
                    }
                }
                _ => {
                    let step = step(self.opened, self.begin - 1, effect, Vec::new());
                    walking.branches.push(branch, step);
                }
            }
            if is_piece {
                this = walking.branches.begin_piece(branch, origin, record.clone());
            }
        }
        walking.branches.set_record(this, record);
        walking.of_id.insert(id, this);
    }

    fn pass(
        &self,
        walking: &mut Walking<'_>,
        branch: usize,
        (operation, arrival): (u32, u64),
        mut stats: Vec<(String, String)>,
        effect: FollowEffect,
    ) {
        let operators = self.opened.executor.prepared.pipeline.operators();
        let operator = operators.get(operation as usize);
        let name = operator.map_or("", ResolvedOperator::name).to_owned();
        let drops = operator.is_some_and(|operator| operator.kind().drops());
        let verdict = operator.and_then(ResolvedOperator::verdict);
        let verdict = verdict.and_then(|verdict| {
            let place = stats.iter().position(|(name, _)| *name == verdict.name)?;
            Some(stats.remove(place).1)
        });
        let (effect, fate) = match effect {
            FollowEffect::Unchanged if verdict.is_some() => {
                let keeps = verdict.as_deref() == Some("true");
                (Effect::Judged { keeps }, None)
            }
            FollowEffect::Unchanged if drops => (Effect::Kept, None),
            FollowEffect::Unchanged => (Effect::Unchanged, None),
            FollowEffect::Changed { record } => {
                let fields = changes(walking.branches.record(branch), &record);
                walking.branches.set_record(branch, record);
                (Effect::Changed { fields }, None)
            }
            FollowEffect::Dropped => {
                let fate = Fate::Dropped {
                    operation,
                    operator: name,
                };
                let barrier = operator.and_then(|operator| operator.barrier());
                let removes = barrier.is_some_and(|barrier| barrier.rule.removes_duplicates());
                let kind = operator.map(ResolvedOperator::kind);
                let effect = match (removes, kind) {
                    (true, _) => {
                        let of_barrier = walking.duplicates.entry(operation).or_default();
                        of_barrier.push((branch, arrival));
                        Effect::Duplicate { kept: None }
                    }
                    (false, Some(OperatorKind::Selector)) => Effect::NotSelected,
                    _ => Effect::Dropped,
                };
                (effect, Some(fate))
            }
            FollowEffect::Failed { error } => {
                let fate = Fate::Quarantined {
                    operation: Some(operation),
                    operator: Some(name),
                    error: error.clone(),
                };
                (Effect::Failed { error }, Some(fate))
            }
            FollowEffect::Split { children } => {
                let pieces = children.len() as u64;
                for (id, origin, record) in children {
                    let piece = walking.branches.begin_piece(branch, origin, record);
                    walking.of_id.insert(id, piece);
                }
                (Effect::Split { pieces }, Some(Fate::Split))
            }
        };
        let step = step(self.opened, operation, effect, stats);
        walking.branches.push(branch, step);
        if let Some(fate) = fate {
            walking.branches.end(branch, fate);
        }
    }

    /// Finds the records that stay for the duplicates that were dropped.
    fn name_duplicates(&self, walking: &mut Walking<'_>) {
        for (operation, found) in std::mem::take(&mut walking.duplicates) {
            let barriers = self.opened.executor.prepared.pipeline.barriers();
            let stage = barriers.iter().position(|place| *place == operation);
            let Some(stage) = stage.map(|stage| stage as u32) else {
                continue;
            };
            let resolved = self.opened.state.barrier(stage);
            let file = resolved.and_then(|resolved| resolved.files.get(self.partition as usize));
            // It dropped the records, so the decision could be read just now.
            let Some(Ok(verdict)) = file.map(|file| self.opened.verdict(file)) else {
                continue;
            };
            let kept = found
                .iter()
                .filter_map(|(branch, row)| Some((*branch, kept_for(&verdict, *row)?)));
            let kept: Vec<(usize, u64)> = kept.collect();
            let ordinals = kept.iter().map(|(_, ordinal)| *ordinal).collect();
            let named = self.opened.named_at_barrier(stage, &ordinals, self.field);
            for (branch, ordinal) in kept {
                if let (Some(step), Some(one)) =
                    (walking.branches.last_step(branch), named.get(&ordinal))
                {
                    step.effect = Effect::Duplicate {
                        kept: Some(one.clone()),
                    };
                }
            }
        }
    }

    /// The fate of a record that an external operator was given and that is not among those it gave.
    fn lost_in_external(&self, branches: &mut Branches, branch: usize) -> Fate {
        let operation = self.begin - 1;
        let names = self.opened.executor.prepared.operator_names();
        let operator = names.get(operation as usize).cloned().unwrap_or_default();
        let entry =
            self.opened
                .quarantine_entry(self.partition, operation, branches.origin(branch));
        let (effect, fate) = match entry {
            Some(error) => (
                Effect::Failed {
                    error: error.clone(),
                },
                Fate::Quarantined {
                    operation: Some(operation),
                    operator: Some(operator),
                    error,
                },
            ),
            None => (
                Effect::Dropped,
                Fate::Dropped {
                    operation,
                    operator,
                },
            ),
        };
        let step = step(self.opened, operation, effect, Vec::new());
        branches.push(branch, step);
        fate
    }
}

impl Walking<'_> {
    fn is_wanted(&mut self, origin: &Origin, row: u64) -> bool {
        let by_row = self.by_row.get(&row);
        let by_origin = || match self.by_origin.is_empty() {
            true => None,
            false => self
                .by_origin
                .get(origin)
                .or_else(|| self.by_origin.get(&parent(origin)?)),
        };
        self.next = by_row.or_else(by_origin).copied();
        self.next.is_some()
    }
}

/// The record that a piece was made of.
fn parent(origin: &Origin) -> Option<Origin> {
    let (_, indices) = origin.piece.indices().split_last()?;
    Some(Origin {
        piece: coldpress_record::ChildPath::from_indices(indices),
        ..*origin
    })
}
