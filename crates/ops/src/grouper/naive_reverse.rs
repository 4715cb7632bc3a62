//! # What it does
//! Makes several records of one whose fields are lists, as a grouper makes them: the first of the new records gets the first
//! item of each list, and so on. The field `__dj__batch_meta__` is left out.
//!
//! # Parameters
//! `batch_meta_export_path` is not available: the recipe is refused if it is set.
//!
//! # Example
//! Of `{"text": ["a", "b"], "n": [1, 2]}` it makes `{"text": "a", "n": 1}` and `{"text": "b", "n": 2}`.
//!
//! # Notes on determinism
//! Pure: the record decides. A record goes to quarantine if one of its fields is no list, or if its lists differ in length. With
//! `compat: data_juicer` the first field says how many records are made, and what longer lists have beyond that is lost, as
//! in Data-Juicer. A record whose lists are empty is dropped.

use coldpress_operator::value::members;
use coldpress_operator::{
    Children, OperatorSpec, ParamError, Record, RecordError, ResolveContext, Resolved, Splitter,
    params,
};
use serde_json::value::RawValue;

const META_FIELD: &str = "__dj__batch_meta__";

params! {
    /// Parameters of `naive_reverse_grouper`.
    pub(crate) struct NaiveReverseParams {
        /// Where Data-Juicer writes the field `__dj__batch_meta__`; not available yet.
        batch_meta_export_path: Option<String> = None;
    }
}

/// The description of `naive_reverse_grouper`.
pub(crate) fn spec() -> OperatorSpec {
    OperatorSpec::ungrouper(
        "naive_reverse_grouper",
        "Makes several records of one whose fields are lists.",
        resolve,
    )
    .doc(&super::manual(include_str!("naive_reverse.rs")))
}

fn resolve(
    params: NaiveReverseParams,
    context: &mut ResolveContext<'_>,
) -> Result<Resolved<Ungrouper>, ParamError> {
    if params.batch_meta_export_path.is_some() {
        return Err(ParamError::new(
            "batch_meta_export_path",
            "is not available yet",
        ));
    }
    let cuts = context.compat();
    let ungrouper = Resolved::new(move || Ungrouper { cuts });
    Ok(ungrouper.fields(Vec::<String>::new()).sets_values())
}

/// Makes records of the items of lists.
pub(crate) struct Ungrouper {
    /// Whether what is longer than the first list is cut.
    cuts: bool,
}

/// A field of the record that is split, and the items of its list.
struct Field<'r> {
    /// In quotes, as it is written.
    name: &'r str,
    items: Vec<&'r RawValue>,
}

impl Splitter for Ungrouper {
    fn split(&mut self, record: &Record<'_>, children: &mut Children) -> Result<(), RecordError> {
        let whole = record.whole();
        let fields = fields_of(&whole)?;
        let Some(first) = fields.first() else {
            return Ok(());
        };
        let count = first.items.len();
        let fits = |field: &&Field<'_>| match self.cuts {
            true => field.items.len() >= count,
            false => field.items.len() == count,
        };
        if let Some(other) = fields.iter().find(|field| !fits(field)) {
            return Err(RecordError::new(format!(
                "the field {} has {} items, and the field {} has {count}",
                other.name,
                other.items.len(),
                first.name
            )));
        }
        for nth in 0..count {
            let members = fields
                .iter()
                .map(|field| format!("{}: {}", field.name, field.items[nth].get()));
            let members: Vec<String> = members.collect();
            children.push(format!("{{{}}}", members.join(", ")));
        }
        Ok(())
    }
}

/// The fields of a record, each once: of those that are there several times, the last.
fn fields_of(record: &str) -> Result<Vec<Field<'_>>, RecordError> {
    let mut fields: Vec<(String, Field<'_>)> = Vec::new();
    for (name, value) in members(record) {
        // A name with half of a surrogate pair is no text, and equal to itself alone.
        let text: String = serde_json::from_str(name).unwrap_or_else(|_| name.to_owned());
        if text == META_FIELD {
            continue;
        }
        let items: Result<Vec<&RawValue>, _> = serde_json::from_str(value);
        let items = items.map_err(|_| RecordError::new(format!("the field {name} is no list")))?;
        let field = Field { name, items };
        match fields.iter_mut().find(|(known, _)| *known == text) {
            Some((_, known)) => *known = field,
            None => fields.push((text, field)),
        }
    }
    Ok(fields.into_iter().map(|(_, field)| field).collect())
}
