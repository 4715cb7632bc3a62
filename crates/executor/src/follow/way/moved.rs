//! The way of records through an operator that gives them other places.

use std::collections::{BTreeMap, BTreeSet};

use coldpress_job::Publication;

use super::Ways;
use super::stretch::Live;
use crate::follow::branches::step;
use crate::follow::history::{Effect, Fate, NamedDuplicate};
use crate::follow::placed::{Placed, partition_of};

/// What an operator at a barrier placed.
struct Arrival<'a> {
    operation: u32,
    results: &'a [Option<&'a Publication>],
    /// Of an operator that makes groups: their first members, by position.
    groups: Option<BTreeMap<u64, NamedDuplicate>>,
    /// The records behind it, by partition.
    live: BTreeMap<u32, Vec<Live>>,
}

impl Arrival<'_> {
    fn go_on(&mut self, branch: usize, position: u64) {
        if let Some((partition, row)) = partition_of(self.results, position) {
            let row = Some(row);
            let live = self.live.entry(partition).or_default();
            live.push(Live { branch, row });
        }
    }
}

impl Ways<'_> {
    /// Takes the records to where an operator at a barrier placed them.
    pub(super) fn moved(
        &mut self,
        stage: u32,
        operation: u32,
        ended: &BTreeMap<u32, Vec<(usize, u64)>>,
    ) -> BTreeMap<u32, Vec<Live>> {
        let results = self.opened.placed_results(stage);
        let rows = self.opened.rows_before_barrier(stage);
        let mut ordinals = Vec::new();
        let mut first = 0;
        for (partition, rows) in (0..).zip(rows.unwrap_or_default()) {
            let here = ended.get(&partition).into_iter().flatten();
            ordinals.extend(here.map(|(branch, row)| (*branch, first + row)));
            first += rows;
        }
        let asked: Vec<u64> = ordinals.iter().map(|(_, ordinal)| *ordinal).collect();
        let found = match self.opened.places(stage, &asked) {
            Ok(found) => found,
            Err(reason) => {
                let reason = format!("where the operator put the record is not known: {reason}");
                for (branch, _) in ordinals {
                    let reason = reason.clone();
                    self.branches.end(branch, Fate::Unknown { reason });
                }
                return BTreeMap::new();
            }
        };
        let groups = found
            .is_grouped
            .then(|| self.first_members(&results, found.places.values()));
        let mut arrival = Arrival {
            operation,
            results: &results,
            groups,
            live: BTreeMap::new(),
        };
        for (branch, ordinal) in ordinals {
            match found.places.get(&ordinal) {
                Some(Placed::At(positions)) => self.place(branch, positions, &mut arrival),
                Some(Placed::Unsigned) | None => self.quarantined(branch, operation),
            }
        }
        arrival.live
    }

    /// Takes a record to its new places.
    fn place(&mut self, branch: usize, positions: &[u64], arrival: &mut Arrival<'_>) {
        let operation = arrival.operation;
        match (positions, &arrival.groups) {
            ([], _) => self.dropped(branch, operation, Effect::NotSelected),
            ([position], Some(groups)) => {
                let first = groups.get(position).cloned();
                let origin = self.branches.origin(branch);
                let is_first = first.as_ref().is_none_or(|first| first.origin == *origin);
                let position = *position;
                let effect = Effect::Grouped { position, first };
                self.push(branch, operation, effect);
                match is_first {
                    true => arrival.go_on(branch, position),
                    false => self.absorbed(branch, operation),
                }
            }
            (positions, _) => {
                let effect = Effect::Selected {
                    positions: positions.to_vec(),
                };
                self.push(branch, operation, effect);
                if let [position] = positions {
                    arrival.go_on(branch, *position);
                    return;
                }
                for position in positions {
                    let origin = self.branches.origin(branch).clone();
                    let record = self.branches.record(branch).to_owned();
                    let copy = self.branches.begin_piece(branch, origin, record);
                    arrival.go_on(copy, *position);
                }
            }
        }
    }

    /// The first members of groups: the origin of a group's row is theirs.
    fn first_members<'p>(
        &self,
        results: &[Option<&Publication>],
        places: impl Iterator<Item = &'p Placed>,
    ) -> BTreeMap<u64, NamedDuplicate> {
        let mut wanted: BTreeMap<u32, BTreeMap<u64, u64>> = BTreeMap::new();
        let positions: BTreeSet<u64> = places
            .filter_map(|placed| match placed {
                Placed::At(positions) => positions.first().copied(),
                Placed::Unsigned => None,
            })
            .collect();
        for position in positions {
            if let Some((partition, row)) = partition_of(results, position) {
                wanted.entry(partition).or_default().insert(row, position);
            }
        }
        let mut named = BTreeMap::new();
        for (partition, rows) in wanted {
            let Some(Some(result)) = results.get(partition as usize) else {
                continue;
            };
            if self.opened.state.is_forgotten(&result.rows.key) {
                continue;
            }
            let asked: Vec<u64> = rows.keys().copied().collect();
            let picked = self
                .opened
                .pick(&result.rows, &result.index, &asked, self.field);
            named.extend(
                picked
                    .into_iter()
                    .filter_map(|(row, one)| Some((*rows.get(&row)?, one))),
            );
        }
        named
    }

    fn push(&mut self, branch: usize, operation: u32, effect: Effect) {
        let step = step(self.opened, operation, effect, Vec::new());
        self.branches.push(branch, step);
    }

    fn operator(&self, operation: u32) -> String {
        let mut names = self.opened.executor.prepared.pipeline.names();
        names.nth(operation as usize).unwrap_or_default().to_owned()
    }

    fn dropped(&mut self, branch: usize, operation: u32, effect: Effect) {
        self.push(branch, operation, effect);
        let operator = self.operator(operation);
        let fate = Fate::Dropped {
            operation,
            operator,
        };
        self.branches.end(branch, fate);
    }

    fn absorbed(&mut self, branch: usize, operation: u32) {
        let operator = self.operator(operation);
        let fate = Fate::Absorbed {
            operation,
            operator,
        };
        self.branches.end(branch, fate);
    }

    fn quarantined(&mut self, branch: usize, operation: u32) {
        let error = "it has no signature, so that the operator could not judge it".to_owned();
        self.push(
            branch,
            operation,
            Effect::Failed {
                error: error.clone(),
            },
        );
        let fate = Fate::Quarantined {
            operation: Some(operation),
            operator: Some(self.operator(operation)),
            error,
        };
        self.branches.end(branch, fate);
    }
}
