//! The decisions that filters would make, for recipes that let them drop nothing: a statistic of each filter, true for records that
//! it would keep.
//!
//! Such verdicts are statistics like any other, so all code that stores, merges or resumes statistics handles them too.

use coldpress_record::{Stat, StatKind};

use crate::kind::OperatorKind;
use crate::resolved::ResolvedOperator;

/// Returns the names of the statistics that hold the verdicts of operators with these names. If an operator occurs several times,
/// its names get numbers.
///
/// ```
/// let names = coldpress_operator::verdict_names(["a_filter", "b_mapper", "a_filter"]);
/// assert_eq!(names, ["kept_by_a_filter", "kept_by_b_mapper", "kept_by_a_filter_2"]);
/// ```
pub fn verdict_names<'n>(operators: impl IntoIterator<Item = &'n str>) -> Vec<String> {
    let mut seen: Vec<&str> = Vec::new();
    let names = operators.into_iter().map(|name| {
        seen.push(name);
        match seen.iter().filter(|other| **other == name).count() {
            1 => format!("kept_by_{name}"),
            count => format!("kept_by_{name}_{count}"),
        }
    });
    names.collect()
}

/// Gives each filter a statistic for its verdicts. It is part of the filter's identity, because no record leaves. Nothing is
/// written beside the output: those files belong to the job that drops records.
pub(super) fn note_verdicts(operators: &mut [ResolvedOperator]) {
    let names = verdict_names(operators.iter().map(ResolvedOperator::name));
    for (operator, name) in operators.iter_mut().zip(names) {
        operator.aside = None;
        if operator.kind == OperatorKind::Filter {
            operator.identity.push_str(" keeps all");
            operator.verdict = Some(Stat {
                name,
                kind: StatKind::Bool,
            });
        }
    }
}
