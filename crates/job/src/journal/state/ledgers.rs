//! Ledgers that many results share.

use std::collections::VecDeque;
use std::sync::Arc;

use coldpress_record::{Ledger, OperatorName};

use crate::journal::record::RecipeInForce;

/// The number of ledgers that are remembered. Partitions of one record have hardly more different ledgers than there are operators.
/// Large partitions rarely have equal ones, so the search for one must cost almost nothing.
const REMEMBERED: usize = 16;

/// The ledgers of the last results. It holds no information that the results do not have.
#[derive(Clone, Debug, Default)]
pub(super) struct KnownLedgers(VecDeque<Arc<Ledger>>);

impl PartialEq for KnownLedgers {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl KnownLedgers {
    /// Returns this ledger with the names of the operators: that of an earlier result if there is an equal one. None if the recipe
    /// has fewer operators than the ledger.
    pub(super) fn named(
        &mut self,
        ledger: &Arc<Ledger>,
        recipe: Option<&RecipeInForce>,
    ) -> Option<Arc<Ledger>> {
        let named = match has_names(ledger) {
            true => Arc::clone(ledger),
            false => Arc::new(name(ledger, recipe?)?),
        };
        if let Some(known) = self.0.iter().find(|known| **known == named) {
            return Some(Arc::clone(known));
        }
        self.0.truncate(REMEMBERED - 1);
        self.0.push_front(Arc::clone(&named));
        Some(named)
    }
}

fn has_names(ledger: &Ledger) -> bool {
    let mut operators = ledger.operators.iter();
    operators.all(|operator| !operator.name.is_empty())
}

fn name(ledger: &Ledger, recipe: &RecipeInForce) -> Option<Ledger> {
    let mut named = ledger.clone();
    let mut names = recipe.operators.iter();
    for operator in &mut named.operators {
        let name = names.next()?;
        if operator.name.is_empty() {
            operator.name = OperatorName::from(name);
        }
    }
    Some(named)
}
