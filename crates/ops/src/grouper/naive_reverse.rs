//! # What it does
//! Makes several records out of one whose fields are lists, such as a grouper makes. The first of the new records gets the first
//! item of each list, and so on. The field `__dj__batch_meta__` is left out.
//!
//! # Parameters
//! `batch_meta_export_path` is a file for the field `__dj__batch_meta__` of each record that has one, as one line of JSON each, in
//! the order of the records. It is written along with the export, and replaced by the same rules (`export_overwrite`).
//!
//! # Example
//! Of `{"text": ["a", "b"], "n": [1, 2]}` it makes `{"text": "a", "n": 1}` and `{"text": "b", "n": 2}`.
//!
//! # Notes on determinism
//! Pure: the result depends only on the record. A record goes to quarantine if one of its fields isn't a list, or if its lists
//! differ in length. With `compat: data_juicer`, the length of the first field decides how many records are made, and further items
//! of longer lists are lost, as in Data-Juicer. A record whose lists are empty is dropped.

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
        /// The file for the fields `__dj__batch_meta__`; null for none.
        batch_meta_export_path: Option<String> = None, |path| path.as_deref() != Some(""), "must not be empty";
    }
}

/// Returns the description of `naive_reverse_grouper`.
pub(crate) fn spec() -> OperatorSpec {
    OperatorSpec::ungrouper(
        "naive_reverse_grouper",
        "Makes several records out of one whose fields are lists.",
        resolve,
    )
    .doc(&super::manual(include_str!("naive_reverse.rs")))
}

fn resolve(
    params: NaiveReverseParams,
    context: &mut ResolveContext<'_>,
) -> Result<Resolved<Ungrouper>, ParamError> {
    let cuts = context.compat();
    let exports_meta = params.batch_meta_export_path.is_some();
    let ungrouper = Resolved::new(move || Ungrouper { cuts, exports_meta });
    let ungrouper = ungrouper.fields(Vec::<String>::new()).sets_values();
    Ok(match params.batch_meta_export_path {
        Some(path) => ungrouper.writes_aside(path),
        None => ungrouper,
    })
}

/// Makes records out of the items of lists.
pub(crate) struct Ungrouper {
    /// True if longer lists are cut to the length of the first one.
    cuts: bool,
    /// True if the metadata of the group goes to a file.
    exports_meta: bool,
}

/// A field of the record that is split, with the items of its list.
struct Field<'r> {
    /// The name in quotes, as it is written.
    name: &'r str,
    items: Vec<&'r RawValue>,
}

impl Splitter for Ungrouper {
    fn split(&mut self, record: &Record<'_>, children: &mut Children) -> Result<(), RecordError> {
        let whole = record.whole();
        let (fields, meta) = fields_of(&whole)?;
        if let (true, Some(meta)) = (self.exports_meta, meta) {
            children.set_aside(meta);
        }
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

/// Returns the fields of a record, and separately the metadata of the group. Of several fields with the same name, only the last
/// one is returned.
fn fields_of(record: &str) -> Result<(Vec<Field<'_>>, Option<&str>), RecordError> {
    let mut meta = None;
    let mut fields: Vec<(String, Field<'_>)> = Vec::new();
    for (name, value) in members(record) {
        // A name with half of a surrogate pair isn't a text, and equals only itself.
        let text: String = serde_json::from_str(name).unwrap_or_else(|_| name.to_owned());
        if text == META_FIELD {
            meta = Some(value);
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
    let fields = fields.into_iter().map(|(_, field)| field).collect();
    Ok((fields, meta))
}
