//! Pipelines: the operators of a recipe, resolved but not yet made.

mod freshness;
mod verdicts;

use std::fmt;
use std::sync::Arc;

use coldpress_config::OperatorCall;
use coldpress_record::{DeclaredFields, STATS_FIELD, Stat, StatKind};

use crate::assets::Assets;
use crate::error::{Error, Result};
use crate::hash::ChainHash;
use crate::kind::Determinism;
use crate::registry::Registry;
use crate::resolved::ResolvedOperator;
use crate::settings::ChainSettings;
use crate::stage::Stage;

pub use verdicts::verdict_names;

/// The operators of a recipe, with everything that a plan needs to know about them.
///
/// Resolving is cheap: parameters are checked and files are found, but no model is loaded. Cloning is cheaper still.
/// [`instantiate`](Self::instantiate) makes the operators for one worker thread.
#[derive(Clone, Debug)]
pub struct Pipeline {
    operators: Arc<[ResolvedOperator]>,
    fields: DeclaredFields,
    stats: Vec<Stat>,
    /// The column of `__dj__stats__`, if a filter could use statistics that came with records.
    stats_column: Option<usize>,
    /// The columns of the fields that accompany signatures.
    labels: Vec<usize>,
    /// The columns that a record has to have.
    needed: Vec<usize>,
    /// The folders in which the files of its operators were found.
    assets: Option<Arc<dyn Assets>>,
}

impl Pipeline {
    /// Resolves the operators of `calls`.
    ///
    /// # Errors
    /// [`Error`] for the first call that has an unknown operator or wrong parameters, or needs a file that is missing.
    pub fn resolve(
        registry: &Registry,
        calls: &[OperatorCall],
        settings: &ChainSettings,
    ) -> Result<Self> {
        let operators = calls.iter().map(|call| registry.resolve(call, settings));
        let mut operators = operators.collect::<Result<Vec<_>>>()?;
        freshness::mark_stale(&mut operators);
        if settings.keep_all {
            verdicts::note_verdicts(&mut operators);
        }
        let mut fields = DeclaredFields::default();
        let mut stats: Vec<Stat> = Vec::new();
        for operator in operators.iter() {
            for name in &operator.fields {
                fields.declare(name);
            }
            for stat in operator.stats.iter().chain(&operator.verdict) {
                match stats.iter_mut().find(|known| known.name == stat.name) {
                    Some(known) if !known.kind.fits(stat.kind) => {
                        return Err(conflict(operator, stat, known));
                    }
                    Some(known) if stat.kind == StatKind::Any => known.kind = StatKind::Any,
                    Some(_) => {}
                    None => stats.push(stat.clone()),
                }
            }
        }
        let removes = |operator: &ResolvedOperator| {
            let barrier = operator.barrier();
            barrier.is_some_and(|barrier| barrier.rule.removes_duplicates())
        };
        let labels = match operators.iter().any(removes) {
            true => settings.labels.as_slice(),
            false => &[],
        };
        let labels = labels.iter().map(|name| fields.declare(name)).collect();
        let needs = settings.needs.iter();
        let needed = needs.map(|name| fields.declare(name)).collect();
        let stats_column = (!stats.is_empty()).then(|| fields.declare(STATS_FIELD));
        Ok(Self {
            operators: operators.into(),
            fields,
            stats,
            stats_column,
            labels,
            needed,
            assets: registry.assets().cloned(),
        })
    }

    /// Adds this field to the batches of the pipeline.
    #[must_use]
    pub fn declaring(mut self, field: &str) -> Self {
        self.fields.declare(field);
        self
    }

    /// Returns the operators in order.
    pub fn operators(&self) -> &[ResolvedOperator] {
        &self.operators
    }

    /// Returns the columns of the fields that a record has to have (see [`ChainSettings::needs`]).
    pub fn needed(&self) -> &[usize] {
        &self.needed
    }

    /// Returns the operators' names in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.operators.iter().map(ResolvedOperator::name)
    }

    /// Returns the name of the operator at this place in quotes. If others have the same name, its place is added.
    pub fn label(&self, index: usize) -> String {
        let name = self
            .operators
            .get(index)
            .map_or("?", |operator| operator.name());
        match self.names().filter(|other| *other == name).count() {
            0 | 1 => format!("`{name}`"),
            _ => format!("`{name}` (operator {index} of the recipe, counted from 0)"),
        }
    }

    /// Describes, operator by operator, the replacements for files that were not found.
    pub fn stand_ins(&self) -> impl Iterator<Item = String> {
        let numbered = self.operators.iter().enumerate();
        let each = numbered.flat_map(|(at, operator)| {
            let stand_ins = operator.stand_ins.iter();
            stand_ins.map(move |stand_in| (at, stand_in))
        });
        each.map(|(at, stand_in)| format!("{} uses {stand_in}", self.label(at)))
    }

    /// Returns, operator by operator, what a check of the recipe tells: notes, and replacements for files.
    pub fn notes(&self) -> impl Iterator<Item = String> {
        let numbered = self.operators.iter().enumerate();
        let noted = numbered.flat_map(|(at, operator)| {
            let notes = operator.notes.iter();
            notes.map(move |note| (at, note))
        });
        let noted = noted.map(|(at, note)| format!("{}: {note}", self.label(at)));
        noted.chain(self.stand_ins())
    }

    /// Returns the number of operators.
    pub fn len(&self) -> usize {
        self.operators.len()
    }

    /// Returns whether there are no operators.
    pub fn is_empty(&self) -> bool {
        self.operators.is_empty()
    }

    /// Returns, in ascending order, the numbers of operators after which the last one was external.
    ///
    /// The results of an external operator must be published before any other operator uses them, because they are never computed
    /// again.
    pub fn external_points(&self) -> impl Iterator<Item = u32> {
        let numbered = (1u32..).zip(self.operators.iter());
        numbered
            .filter(|(_, operator)| operator.determinism() == Determinism::External)
            .map(|(point, _)| point)
    }

    /// Returns the fields that batches must be filled with.
    pub fn fields(&self) -> &DeclaredFields {
        &self.fields
    }

    /// Returns the statistics that batches get.
    pub fn stats(&self) -> &[Stat] {
        &self.stats
    }

    /// Returns the names of the fields whose values in the output may not be text, or that the input may lack: those that operators
    /// set, and those that the reader adds. For a nested field, the outer field is listed too.
    pub fn set_fields(&self) -> Vec<&str> {
        let operators = self.operators.iter();
        let setting = operators.clone().filter(|operator| operator.sets_values);
        let set = setting.flat_map(|operator| &operator.fields);
        let added = operators.filter_map(|operator| operator.suffix_field.as_ref());
        let outermost = |name: &'_ String| {
            name.split_once('.')
                .map_or(name.len(), |(first, _)| first.len())
        };
        let names = set.chain(added);
        let mut names: Vec<&str> = names
            .flat_map(|name| [name.as_str(), &name[..outermost(name)]])
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Returns whether an operator turns its records into other records, whose fields only become known when they are made.
    pub fn makes_records(&self) -> bool {
        let mut operators = self.operators.iter();
        operators.any(|operator| {
            operator.sets_values && operator.fields.is_empty() && !operator.whole_records
        })
    }

    /// Returns the field that the reader sets to the suffix of a record's file, if the record lacks it.
    pub fn suffix_field(&self) -> Option<usize> {
        let mut operators = self.operators.iter();
        let name = operators.find_map(|operator| operator.suffix_field.as_deref())?;
        self.fields.column(name)
    }

    pub(crate) fn assets(&self) -> Option<&dyn Assets> {
        self.assets.as_deref()
    }

    pub(crate) fn stats_column(&self) -> Option<usize> {
        self.stats_column
    }

    /// Returns the columns of the fields that accompany the signatures for an operator, in the order of the settings; none unless
    /// it removes duplicates.
    pub fn labels_of(&self, operator: usize) -> &[usize] {
        let operator = self.operators.get(operator);
        let barrier = operator.and_then(ResolvedOperator::barrier);
        match barrier.is_some_and(|barrier| barrier.rule.removes_duplicates()) {
            true => &self.labels,
            false => &[],
        }
    }

    /// Returns the places of the operators that work on the whole dataset, in ascending order.
    pub fn barriers(&self) -> Vec<u32> {
        let operators = self.operators.iter().zip(0..);
        let is_global =
            |(operator, at): (&ResolvedOperator, u32)| operator.barrier.is_some().then_some(at);
        operators.filter_map(is_global).collect()
    }

    /// Returns whether rows of a columnar source have to become lines on their way. They do if an operator sets fields to values of
    /// other types, or changes the text of a field inside another declared field that is read with it.
    pub fn needs_lines(&self) -> bool {
        let declared = self.fields.paths().iter();
        let is_nested = |field: &String| {
            let mut declared = declared.clone().map(|path| path.name());
            declared.any(|other| other != field && freshness::overlaps(field, other))
        };
        let needs_lines = |operator: &ResolvedOperator| {
            let is_nested = || operator.fields.iter().any(is_nested);
            operator.sets_values
                || operator.suffix_field.is_some()
                || operator.changes_records() && is_nested()
        };
        self.operators.iter().any(needs_lines)
    }

    /// Returns whether an operator may move records to other partitions, or turn them into other records.
    pub fn moves_records(&self) -> bool {
        self.first_move().is_some()
    }

    /// Returns the place of the first operator that may move records to other partitions, or turn them into other records.
    pub fn first_move(&self) -> Option<u32> {
        let moves = |operator: &ResolvedOperator| {
            let barrier = operator.barrier.as_ref();
            barrier.is_some_and(|barrier| barrier.rule.moves_records())
        };
        let mut operators = self.operators.iter().zip(0..);
        let first = operators.find(|(operator, _)| moves(operator));
        first.map(|(_, place)| place)
    }

    /// Returns the operator at this place alone, for batches with the fields and statistics of all; `None` if there is no such
    /// operator.
    pub fn only(&self, place: usize) -> Option<Self> {
        let operator = self.operators.get(place)?.clone();
        Some(Self {
            operators: Arc::new([operator]),
            ..self.clone()
        })
    }

    /// Returns the first operator that works on the whole dataset, in quotes. If others have the same name, its place is added.
    pub fn first_global(&self) -> Option<String> {
        let first = self.barriers().first().copied();
        first.map(|place| self.label(place as usize))
    }

    /// Returns the stages into which these operators divide the recipe: exactly one without barriers.
    pub fn stages(&self) -> Vec<Stage> {
        let operators = u32::try_from(self.len()).unwrap_or(u32::MAX);
        Stage::cut(operators, &self.barriers())
    }

    /// Returns the chain hashes of the first stage: before its first operator and after each. Operators after a barrier have none
    /// until [the barrier is resolved](Self::hashes_after).
    pub fn hashes(&self, base: ChainHash) -> Vec<ChainHash> {
        let end = self.barriers().first().copied();
        let end = end.map_or(self.len(), |place| place as usize);
        hashes(base, &self.operators[..end])
    }

    /// Returns the chain hashes after the barrier at `place`, once its decision is known: before the next operator and after each,
    /// up to the next barrier. `last` is the hash before the barrier, and `decision` identifies the decision.
    pub fn hashes_after(
        &self,
        place: u32,
        last: ChainHash,
        decision: impl fmt::Display,
    ) -> Vec<ChainHash> {
        let (begin, barriers) = (place as usize + 1, self.barriers());
        let Some(barrier) = self.operators.get(place as usize) else {
            return Vec::new();
        };
        let next = barriers.iter().find(|other| **other > place);
        let end = next.map_or(self.len(), |place| *place as usize);
        let (identity, skips) = (&barrier.identity, barrier.skip_errors);
        let base = last.then(&format!("{identity} skip={skips} decided {decision}"));
        hashes(base, &self.operators[begin..end])
    }
}

fn hashes(base: ChainHash, operators: &[ResolvedOperator]) -> Vec<ChainHash> {
    let mut hashes = vec![base];
    let mut last = base;
    for operator in operators {
        let (identity, skips) = (&operator.identity, operator.skip_errors);
        last = last.then(&format!("{identity} skip={skips}"));
        hashes.push(last);
    }
    hashes
}

/// Returns the error for two filters whose statistics have the same name but different types. They share the statistic, so its
/// values must have one type.
fn conflict(operator: &ResolvedOperator, stat: &Stat, known: &Stat) -> Error {
    Error::Params {
        operator: operator.name().to_owned(),
        message: format!(
            "the statistic `{}` is {}, but an earlier operator has it as {}",
            stat.name, stat.kind, known.kind
        ),
        span: operator.call.span,
    }
}

#[cfg(test)]
mod tests;
