//! # What it does
//! Keeps records that came from a file of one of some suffixes, as their field `__dj__suffix__` says.
//!
//! # Parameters
//! `suffixes`: the suffixes with their dots, in the case that the field has them. Without any, all records are kept.
//! `reversed_range` keeps the others. A record without the field goes to quarantine.
//!
//! # Example
//! With `suffixes: [.txt, .md]`, a record with `.txt` is kept and one with `.TXT` is dropped.
//!
//! # Notes on determinism
//! Pure: the field and the parameters decide.

use coldpress_operator::{
    Filter, KnownStats, OperatorSpec, ParamError, Record, RecordError, ResolveContext, Resolved,
    StatRow, params,
};

/// The field that holds the suffix, as Data-Juicer names it.
const SUFFIX_FIELD: &str = "__dj__suffix__";

params! {
    /// Parameters of `suffix_filter`.
    pub(crate) struct SuffixParams {
        /// The suffixes whose records are kept, or one of them; none or null to keep all.
        suffixes: Option<Vec<String>> = None;
    }
}

/// The description of `suffix_filter`.
pub(crate) fn spec() -> OperatorSpec {
    OperatorSpec::filter(
        "suffix_filter",
        "Keeps records by the suffix of the file that they came from.",
        resolve,
    )
    .doc(&super::manual(include_str!("suffix.rs")))
}

fn resolve(
    params: SuffixParams,
    context: &mut ResolveContext<'_>,
) -> Result<Resolved<impl Filter + use<>>, ParamError> {
    let filter = Suffix {
        suffixes: params.suffixes.unwrap_or_default(),
        reversed: context.range.reversed_range,
    };
    let field = (!filter.suffixes.is_empty()).then_some(SUFFIX_FIELD);
    Ok(Resolved::new(move || filter.clone()).fields(field))
}

#[derive(Clone, Debug)]
struct Suffix {
    suffixes: Vec<String>,
    reversed: bool,
}

impl Filter for Suffix {
    fn admits(&mut self, record: &Record<'_>) -> Result<bool, RecordError> {
        if self.suffixes.is_empty() {
            return Ok(true);
        }
        let suffix = record.text(0)?;
        let is_wanted = self.suffixes.iter().any(|wanted| wanted == suffix);
        Ok(is_wanted != self.reversed)
    }

    fn compute(&mut self, _: &Record<'_>, _: &mut StatRow<'_>) -> Result<(), RecordError> {
        Ok(())
    }

    fn keep(&self, _: &KnownStats<'_>) -> bool {
        true
    }
}
