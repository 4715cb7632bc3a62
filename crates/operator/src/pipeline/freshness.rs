//! Decides which filters may use statistics that records already have, and which have to compute them anew.
//!
//! A statistic is found by its name. It came with the input, or an earlier filter computed it. It is stale if an operator has
//! changed a field that it describes since, or if the earlier filter used other fields or other parameters. This is decided for all
//! records alike, from the recipe alone, because a resumed run doesn't know whether a record was changed.
//!
//! Data-Juicer never computes a statistic twice. `compat` keeps that.

use coldpress_record::{STATS_FIELD, Stat};

use crate::kind::OperatorKind;
use crate::resolved::ResolvedOperator;

/// Marks the filters that have to compute their statistics anew. That becomes part of their identity.
pub(super) fn mark_stale(operators: &mut [ResolvedOperator]) {
    for at in 0..operators.len() {
        let (before, rest) = operators.split_at_mut(at);
        let operator = &mut rest[0];
        let mut stats = operator.stats.iter();
        if !operator.compat && stats.any(|stat| is_stale(stat, operator, before)) {
            operator.computes_anew = true;
            operator.identity.push_str(" anew");
        }
    }
}

fn is_stale(stat: &Stat, operator: &ResolvedOperator, before: &[ResolvedOperator]) -> bool {
    for earlier in before.iter().rev() {
        if changes_what_is_read(earlier, operator) {
            return true;
        }
        if earlier.stats.iter().any(|known| known.name == stat.name) {
            return earlier.fields != operator.fields
                || earlier.stats_depend_on != operator.stats_depend_on;
        }
    }
    false
}

/// Returns whether the operator `earlier` may change a field that `operator` reads.
fn changes_what_is_read(earlier: &ResolvedOperator, operator: &ResolvedOperator) -> bool {
    let overlap = |field: &String| operator.fields.iter().any(|read| overlaps(field, read));
    // A grouper makes other records, either one out of several or several out of one.
    if earlier.kind == OperatorKind::Grouper {
        return true;
    }
    if earlier.changes_records() {
        // A splitter without fields makes whole records, and a mapper without fields can only change whole records.
        let changes_all = earlier.whole_records || earlier.fields.is_empty();
        let touches_all = changes_all || operator.whole_records;
        return touches_all || earlier.fields.iter().any(overlap);
    }
    // A filter may read a statistic as if it were a field.
    let names = earlier.stats.iter().map(|stat| &stat.name);
    let mut fields = names.map(|name| format!("{STATS_FIELD}.{name}"));
    fields.any(|field| operator.fields.contains(&field))
}

/// Returns whether one of two fields is the other or is inside it.
pub(super) fn overlaps(a: &str, b: &str) -> bool {
    let is_within = |inner: &str, outer: &str| {
        let rest = inner.strip_prefix(outer);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    is_within(a, b) || is_within(b, a)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ChainSettings, Changes, Children, Filter, KnownStats, Mapper, NoParams, OperatorCall,
        OperatorSpec, Pipeline, Record, RecordError, Registry, Resolved, Splitter, StatKind,
        StatRow,
    };

    /// A body that can serve as any kind of operator.
    struct Any;

    impl Mapper for Any {
        fn map(&mut self, _: &Record<'_>, _: &mut Changes) -> Result<(), RecordError> {
            Ok(())
        }
    }

    impl Splitter for Any {
        fn split(&mut self, _: &Record<'_>, _: &mut Children) -> Result<(), RecordError> {
            Ok(())
        }
    }

    impl Filter for Any {
        fn compute(&mut self, _: &Record<'_>, _: &mut StatRow<'_>) -> Result<(), RecordError> {
            Ok(())
        }

        fn keep(&self, _: &KnownStats<'_>) -> bool {
            true
        }
    }

    #[test]
    fn who_works_on_whole_records_touches_every_field() {
        let filter = || {
            Resolved::new(|| Any)
                .fields(["title"])
                .stat("length", StatKind::Int)
        };
        let no_fields: [&str; 0] = [];
        let parts = move || Resolved::new(|| Any).fields(no_fields).sets_values();
        let registry = Registry::default()
            .with(OperatorSpec::mapper("of_body", "", |_: NoParams, _| {
                Ok(Resolved::new(|| Any).fields(["body"]))
            }))
            .with(OperatorSpec::mapper("of_all", "", |_: NoParams, _| {
                Ok(Resolved::new(|| Any).fields(["body"]).whole_records())
            }))
            .with(OperatorSpec::ungrouper(
                "of_parts",
                "",
                move |_: NoParams, _| Ok(parts()),
            ))
            .with(OperatorSpec::splitter(
                "of_pieces",
                "",
                move |_: NoParams, _| Ok(parts()),
            ))
            .with(OperatorSpec::filter(
                "by_title",
                "",
                move |_: NoParams, _| Ok(filter()),
            ))
            .with(OperatorSpec::filter("by_all", "", move |_: NoParams, _| {
                Ok(filter().whole_records())
            }));
        let settings = ChainSettings {
            text_key: "text".into(),
            seed: 42,
            skip_op_error: true,
            compat: false,
            keep_all: false,
            labels: Vec::new(),
            needs: Vec::new(),
            python: Default::default(),
        };
        for (mapper, filter, expected) in [
            ("of_body", "by_title", false),
            ("of_all", "by_title", true),
            ("of_parts", "by_title", true),
            ("of_pieces", "by_title", true),
            ("of_body", "by_all", true),
            ("of_all", "by_all", true),
        ] {
            let calls = [filter, mapper, filter].map(OperatorCall::new);
            let pipeline = Pipeline::resolve(&registry, &calls, &settings).unwrap();
            let anew: Vec<bool> = pipeline
                .operators()
                .iter()
                .map(|one| one.computes_anew)
                .collect();
            assert_eq!(anew, [false, false, expected], "{mapper} {filter}");
        }
    }

    #[test]
    fn fields_overlap_if_one_lies_within_the_other() {
        for (a, b, expected) in [
            ("text", "text", true),
            ("meta", "meta.text", true),
            ("meta.text", "meta", true),
            ("text", "texts", false),
            ("meta.a", "meta.b", false),
        ] {
            assert_eq!(overlaps(a, b), expected, "{a} {b}");
        }
    }
}
