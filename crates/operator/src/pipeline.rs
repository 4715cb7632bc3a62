//! Pipelines: the operators of a recipe, resolved and not yet made.

use std::sync::Arc;

use coldpress_config::OperatorCall;
use coldpress_record::{DeclaredFields, STATS_FIELD, Stat};

use crate::error::{Error, Result};
use crate::hash::ChainHash;
use crate::registry::Registry;
use crate::resolved::ResolvedOperator;
use crate::settings::ChainSettings;

/// The operators of a recipe, with all that a plan needs to know of them.
///
/// Resolving is cheap: parameters are checked and files are found, but no model is loaded. Cloning is cheaper still.
/// [`instantiate`](Self::instantiate) makes the operators for one worker thread.
#[derive(Clone, Debug)]
pub struct Pipeline {
    operators: Arc<[ResolvedOperator]>,
    fields: DeclaredFields,
    stats: Vec<Stat>,
    /// The column of `__dj__stats__`, where a filter could find statistics that the record came with.
    stats_column: Option<usize>,
}

impl Pipeline {
    /// Resolves the operators of `calls`.
    ///
    /// # Errors
    /// [`Error`] for the first call that names no operator, has wrong parameters, or needs a file that is missing.
    pub fn resolve(
        registry: &Registry,
        calls: &[OperatorCall],
        settings: &ChainSettings,
    ) -> Result<Self> {
        let operators = calls.iter().map(|call| registry.resolve(call, settings));
        let operators = operators.collect::<Result<Arc<[_]>>>()?;
        let mut fields = DeclaredFields::default();
        let mut stats: Vec<Stat> = Vec::new();
        for operator in operators.iter() {
            for name in &operator.fields {
                fields.declare(name);
            }
            for stat in &operator.stats {
                match stats.iter().find(|known| known.name == stat.name) {
                    Some(known) if !known.kind.fits(stat.kind) => {
                        return Err(conflict(operator, stat, known));
                    }
                    Some(_) => {}
                    None => stats.push(stat.clone()),
                }
            }
        }
        let stats_column = (!stats.is_empty()).then(|| fields.declare(STATS_FIELD));
        Ok(Self {
            operators,
            fields,
            stats,
            stats_column,
        })
    }

    /// The operators in order.
    pub fn operators(&self) -> &[ResolvedOperator] {
        &self.operators
    }

    /// The operators' names in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.operators.iter().map(ResolvedOperator::name)
    }

    /// The number of operators.
    pub fn len(&self) -> usize {
        self.operators.len()
    }

    /// Returns whether there are no operators.
    pub fn is_empty(&self) -> bool {
        self.operators.is_empty()
    }

    /// The fields that batches must be filled with.
    pub fn fields(&self) -> &DeclaredFields {
        &self.fields
    }

    /// The statistics that batches get.
    pub fn stats(&self) -> &[Stat] {
        &self.stats
    }

    pub(crate) fn stats_column(&self) -> Option<usize> {
        self.stats_column
    }

    /// The chain hash before the first operator and after each: one more than there are operators.
    pub fn hashes(&self, base: ChainHash) -> Vec<ChainHash> {
        let mut hashes = vec![base];
        for operator in self.operators.iter() {
            let last = hashes[hashes.len() - 1];
            let (identity, skips) = (&operator.identity, operator.skip_errors);
            hashes.push(last.then(&format!("{identity} skip={skips}")));
        }
        hashes
    }
}

/// Two filters share a statistic by its name, so its values must be of one type.
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
