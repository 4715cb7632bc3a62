//! # What it does
//! Keeps records that came from a file with one of the given suffixes.
//!
//! The suffix is in the record's field `__dj__suffix__`. Records that lack it get it as they are read, as in Data-Juicer: the
//! suffix of their file in lower case, such as `.txt`, or both suffixes of a compressed file, such as `.jsonl.gz`. The field stays
//! in the output.
//!
//! # Parameters
//! `suffixes`: the suffixes with their dots, in the same case as in the field. Without any, all records are kept, and get no field.
//! `reversed_range` keeps the records that would be dropped.
//!
//! # Example
//! With `suffixes: [.txt, .md]`, a record from `notes.txt` or `NOTES.TXT` is kept. So is one whose field is `.txt`, but one whose
//! field is `.TXT` is dropped.
//!
//! # Notes on determinism
//! The result depends on the name of the file, or the field, and on the parameters. If files are renamed so that they have other
//! suffixes, earlier work over them is not used again.

use coldpress_operator::{
    Filter, KnownStats, OperatorSpec, ParamError, Record, RecordError, ResolveContext, Resolved,
    StatRow, params,
};

/// The field that holds the suffix, as Data-Juicer names it.
const SUFFIX_FIELD: &str = "__dj__suffix__";

params! {
    /// Parameters of `suffix_filter`.
    pub(crate) struct SuffixParams {
        /// The suffixes to keep, or one of them; none or null to keep all records.
        suffixes: Option<Vec<String>> = None;
    }
}

/// Returns the description of `suffix_filter`.
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
    let is_needed = !filter.suffixes.is_empty();
    let field = is_needed.then_some(SUFFIX_FIELD);
    let resolved = Resolved::new(move || filter.clone()).fields(field);
    Ok(match is_needed {
        true => resolved.suffix_field(SUFFIX_FIELD),
        false => resolved,
    })
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
