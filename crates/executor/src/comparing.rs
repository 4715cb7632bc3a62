//! The operators of a recipe beside Data-Juicer's own: both are given the same records, and their answers are compared.

mod sampled;

use std::collections::BTreeMap;

use coldpress_config::{Node, OperatorCall};
use coldpress_dataset::Source;
use coldpress_operator::{
    Chain, ChainSettings, Error as OperatorError, OperatorKind, Pipeline, PythonSettings,
};
use coldpress_record::{Batch, Lines};
use serde::Serialize;
use serde_json::Value;

use crate::error::{Error, ErrorKind, Result};
use crate::prepare::Prepared;
use sampled::some_records;

/// An operator of the recipe, run here and in Data-Juicer's Python package.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct OperatorComparison {
    /// Its name.
    pub name: String,
    /// Its place in the recipe, from 0.
    pub operator: usize,
    /// The records that both were given.
    pub records: u64,
    /// Those of which they made something else.
    pub differing: u64,
    /// Those on which both failed.
    pub failed_in_both: u64,
    /// The shortest of those that differ.
    pub example: Option<Difference>,
    /// Why there is nothing to compare it with, if there is not.
    pub skipped: Option<String>,
    /// Why it cannot be run, if it cannot.
    pub failed: Option<String>,
}

/// A record of which two operators made something else.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// The record, as JSON.
    pub record: String,
    /// What Coldpress made of it.
    pub here: Answer,
    /// What the package made of it.
    pub there: Answer,
}

/// What became of a record.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Answer {
    /// The records that came out, as values, so that how they are spelled does not count.
    pub records: Vec<Value>,
    /// The statistics that were computed.
    pub stats: BTreeMap<String, Value>,
    /// The error, if it failed. Two answers with errors are the same, whatever these say.
    pub error: Option<String>,
}

impl Answer {
    /// Returns whether both say the same, as far as both computed the same statistics.
    fn agrees(&self, other: &Self) -> bool {
        if self.error.is_some() || other.error.is_some() {
            return self.error.is_some() == other.error.is_some();
        }
        let mut common = self.stats.iter();
        self.records == other.records
            && common.all(|(name, value)| {
                let other = other.stats.get(name);
                other.is_none_or(|other| is_same_number(value, other) || value == other)
            })
    }
}

/// Returns whether both are the same number with the ten decimals that Data-Juicer keeps.
fn is_same_number(one: &Value, other: &Value) -> bool {
    match (one.as_f64(), other.as_f64()) {
        (Some(one), Some(other)) => one == other || (one - other).abs() < 1e-10,
        _ => false,
    }
}

impl Prepared {
    /// Runs each operator over some records of these sources, here and in the package, and compares. What a mapper of Coldpress made
    /// of the records is given to the next operator; records that a filter drops go on, so that each operator sees many.
    ///
    /// # Errors
    /// [`ErrorKind::Recipe`] if there is no such package; [`ErrorKind::Failed`] if a source cannot be read.
    pub fn compare(&self, sources: &[Source], most: usize) -> Result<Vec<OperatorComparison>> {
        let theirs = self.registry.foreign_names(&self.chain_settings)?;
        let mut records = some_records(sources, most, self.recipe.limit)?;
        let settings = ChainSettings {
            keep_all: false,
            ..self.chain_settings.clone()
        };
        let here = ChainSettings {
            python: PythonSettings {
                prefers_package: false,
                ..settings.python.clone()
            },
            ..settings.clone()
        };
        let mut comparisons = Vec::new();
        for (at, call) in self.recipe.process.iter().enumerate() {
            let pair = match () {
                () if self.registry.get(&call.name).is_none() => Pair {
                    here: Err(NotRun::Skipped("Coldpress has no such operator".to_owned())),
                    there: self.one(call, &settings),
                },
                () if !theirs.contains(&call.name) => Pair {
                    here: self.one(&without_python(call), &here),
                    there: Err(NotRun::Skipped(
                        "Data-Juicer has no such operator".to_owned(),
                    )),
                },
                () => self.pair(call, &here, &settings),
            };
            let (comparison, next) = pair.compare((at, call), records)?;
            comparisons.push(comparison);
            records = next;
        }
        Ok(comparisons)
    }

    fn pair(&self, call: &OperatorCall, here: &ChainSettings, there: &ChainSettings) -> Pair {
        let here = self.one(&without_python(call), here);
        let there = match &here {
            // The package's needs it too, and is refused for it.
            Err(NotRun::Skipped(reason)) => Err(NotRun::Skipped(reason.clone())),
            _ => self.one(&with_python(call), there),
        };
        Pair { here, there }
    }

    fn one(&self, call: &OperatorCall, settings: &ChainSettings) -> OneOperator {
        let pipeline = Pipeline::resolve(&self.registry, std::slice::from_ref(call), settings)?;
        let mut operators = pipeline.operators().iter();
        if operators.any(|one| one.barrier().is_some()) {
            return Err(NotRun::Skipped("it needs the whole dataset".to_owned()));
        }
        let kind = pipeline.operators().first().map(|one| one.kind());
        Ok(Operator {
            chain: pipeline.instantiate(&self.shared)?,
            is_filter: kind == Some(OperatorKind::Filter),
        })
    }
}

/// An operator that is ready, or why there is none.
type OneOperator = std::result::Result<Operator, NotRun>;

/// Why an operator is not run.
enum NotRun {
    /// There is nothing to run.
    Skipped(String),
    /// It cannot be started.
    Failed(String),
}

impl From<OperatorError> for NotRun {
    /// The operator's name is told beside it, and a traceback is too long.
    fn from(error: OperatorError) -> Self {
        let message = match error {
            OperatorError::Params { message, .. } | OperatorError::Load { message, .. } => message,
            error => error.to_string(),
        };
        Self::Failed(message.lines().next().unwrap_or_default().to_owned())
    }
}

/// An operator here and there.
struct Pair {
    here: OneOperator,
    there: OneOperator,
}

struct Operator {
    chain: Chain,
    is_filter: bool,
}

fn without_python(call: &OperatorCall) -> OperatorCall {
    let is_python = |name: &str, node: &Node| name == "compat" && node.as_str() == Some("python");
    let mut call = call.clone();
    call.params
        .retain(|(key, node)| !is_python(&key.name, node));
    call
}

fn with_python(call: &OperatorCall) -> OperatorCall {
    let mut call = call.clone();
    call.params.retain(|(key, _)| key.name != "compat");
    call.with("compat", "python")
}

impl Pair {
    /// Compares what both make of the same records; gives the records for the next operator.
    fn compare(
        self,
        (at, call): (usize, &OperatorCall),
        records: Vec<String>,
    ) -> Result<(OperatorComparison, Vec<String>)> {
        let mut comparison = OperatorComparison {
            name: call.name.clone(),
            operator: at,
            ..OperatorComparison::default()
        };
        for reason in [&self.here, &self.there]
            .into_iter()
            .filter_map(|one| one.as_ref().err())
        {
            match reason {
                NotRun::Skipped(reason) => comparison.skipped = Some(reason.clone()),
                NotRun::Failed(reason) => comparison.failed = Some(reason.clone()),
            }
        }
        // One that cannot be run is more than one that is not compared.
        comparison.skipped.take_if(|_| comparison.failed.is_some());
        let (mut here, mut there) = (self.here.ok(), self.there.ok());
        let passes_on = [&here, &there]
            .into_iter()
            .flatten()
            .any(|one| one.is_filter);
        let mut next = Vec::new();
        for record in records {
            let one = here.as_mut().map(|here| run(&mut here.chain, &record));
            let other = there.as_mut().map(|there| run(&mut there.chain, &record));
            let (one, other) = (one.transpose()?, other.transpose()?);
            if let (Some(one), Some(other)) = (&one, &other) {
                comparison.see(&record, one, other);
            }
            match one.or(other) {
                Some(answer) if !passes_on => {
                    next.extend(answer.records.iter().map(Value::to_string));
                }
                _ => next.push(record),
            }
        }
        Ok((comparison, next))
    }
}

impl OperatorComparison {
    /// Counts a record, and keeps it if it is the shortest of which something else was made.
    fn see(&mut self, record: &str, here: &Answer, there: &Answer) {
        self.records += 1;
        if here.error.is_some() && there.error.is_some() {
            self.failed_in_both += 1;
        }
        if here.agrees(there) {
            return;
        }
        self.differing += 1;
        let shortest = self.example.as_ref();
        if shortest.is_none_or(|shortest| record.len() < shortest.record.len()) {
            self.example = Some(Difference {
                record: record.to_owned(),
                here: here.clone(),
                there: there.clone(),
            });
        }
    }
}

/// Runs an operator over one record alone.
fn run(chain: &mut Chain, record: &str) -> Result<Answer> {
    let (mut batch, mut lines) = (Batch::default(), Lines::new(0));
    lines.push(0, record.as_bytes());
    batch.fill(&mut lines, chain.fields(), &mut Vec::new());
    chain.begin(&mut batch);
    let mut tally = chain.tally();
    let ran = chain.run(&mut batch, 0..chain.len(), &mut tally);
    ran.map_err(|error| Error::new(ErrorKind::Failed, error.to_string()))?;
    let mut answer = Answer {
        error: tally.quarantined.first().map(|failed| failed.error.clone()),
        ..Answer::default()
    };
    let json = |bytes: &[u8]| serde_json::from_slice(bytes).unwrap_or_default();
    for row in batch.selection() {
        let mut line = Vec::new();
        batch.write_record(*row as usize, chain.fields(), &mut line);
        answer.records.push(json(&line));
    }
    let stats = batch.stats();
    for (column, name) in stats.names().iter().enumerate() {
        if let Some(value) = stats.get(column, 0) {
            let mut bytes = Vec::new();
            value.write_json(&mut bytes);
            answer.stats.insert(name.clone(), json(&bytes));
        }
    }
    Ok(answer)
}
