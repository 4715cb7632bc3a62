//! The schema that holds the rows of all parts of a dataset.

mod decimal;
mod field;
mod metadata;
mod nested;
mod number;
mod part;
mod report;
mod text;
mod time;

#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Metadata, Schema, SchemaRef};
use coldpress_record::Origin;

use crate::json_text::as_json_text;
use crate::types::Types;
use part::Part;
pub(crate) use time::is_one_zone;

/// The join of the schemas of all parts of a dataset, which are added in dataset order.
///
/// The type of a field does not depend on the order of the parts. The order of the fields does: a field is placed where it was
/// first seen.
///
/// ```
/// use arrow::datatypes::{DataType, Field, Schema};
/// use coldpress_record::Origin;
/// use coldpress_table::{SchemaJoin, Types};
///
/// let mut types = Types::default();
/// types.observe(r#"{"id": 1, "text": "a"}"#, &Origin::new(0, 0));
/// let mut join = SchemaJoin::default();
/// join.add_types(&types);
/// join.add_schema(&Schema::new(vec![Field::new("id", DataType::Int32, false)]));
/// let joined = join.finish();
/// assert_eq!(joined.schema.field(0), &Field::new("id", DataType::Int64, true));
/// assert_eq!(joined.schema.field(1), &Field::new("text", DataType::Utf8, true));
/// assert!(joined.mixed.is_empty());
/// ```
#[derive(Debug, Default)]
pub struct SchemaJoin {
    runs: Vec<Run>,
}

/// The result of a [`SchemaJoin`].
#[derive(Clone, Debug)]
pub struct Joined {
    /// The schema. A metadata entry is kept if all parts that have it agree on its value.
    pub schema: SchemaRef,
    /// The fields that had to become JSON text.
    pub mixed: Vec<MixedField>,
    /// True if the last field of the schema is JSON text for all fields of records that have no column, because there are more than
    /// [`Types::MAX_COLUMNS`].
    pub has_rest: bool,
}

/// A field whose values only fit a column of JSON text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MixedField {
    /// Its name, after the names of the enclosing structs, separated by dots.
    pub name: String,
    /// The types of its values, in the order in which they were first seen: `int64`, `text`, `list` and so on.
    pub types: Vec<String>,
    /// The first record with a value that does not agree with the first of the types, if that is a JSON record.
    pub odd: Option<Origin>,
}

/// Consecutive parts of one kind, taken together.
#[derive(Debug)]
enum Run {
    Records(Types),
    Table(Schema),
}

impl SchemaJoin {
    /// Adds a part that consists of JSON records. One without records changes nothing.
    pub fn add_types(&mut self, types: &Types) {
        match self.runs.last_mut() {
            _ if types.is_empty() => {}
            Some(Run::Records(earlier)) => earlier.join(types),
            _ => self.runs.push(Run::Records(types.clone())),
        }
    }

    /// Returns whether nothing was added that has fields.
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// Returns the names of the columns in order, and whether there are fields of records without a column. The columns are those
    /// that tables have, and the first [`Types::MAX_COLUMNS`] of those that records have. They do not depend on how the records are
    /// cut into parts.
    pub fn column_names(&self) -> (Vec<String>, bool) {
        let columns = columns(&self.runs);
        let kept = kept(&self.runs);
        let names = columns.iter().map(|(name, _)| *name);
        let names: Vec<String> = names
            .filter(|name| kept.contains(name))
            .map(str::to_owned)
            .collect();
        let noted = |run: &Run| matches!(run, Run::Records(types) if types.has_more());
        let has_more = names.len() < columns.len() || self.runs.iter().any(noted);
        (names, has_more)
    }

    /// Adds a part that is a table.
    pub fn add_schema(&mut self, schema: &Schema) {
        let known = |run: &Run| matches!(run, Run::Table(earlier) if earlier == schema);
        if !self.runs.iter().any(known) {
            self.runs.push(Run::Table(schema.clone()));
        }
    }

    /// Returns the schema that holds the rows of all parts.
    pub fn finish(self) -> Joined {
        let mut mixed = Vec::new();
        let mut fields = Vec::new();
        let (_, has_rest) = self.column_names();
        let kept = kept(&self.runs);
        let columns = columns(&self.runs).into_iter();
        for (name, parts) in columns.filter(|(name, _)| kept.contains(name)) {
            let is_missing = parts.len() < self.runs.len();
            fields.push(field::join(name, &parts, is_missing, &mut mixed));
        }
        if has_rest {
            fields.push(rest(&kept));
        }
        let schema = Schema::new_with_metadata(fields, self.metadata());
        Joined {
            schema: Arc::new(schema),
            mixed,
            has_rest,
        }
    }

    fn metadata(&self) -> Metadata {
        metadata::agreed(self.runs.iter().filter_map(|run| match run {
            Run::Table(schema) => Some(&schema.metadata),
            Run::Records(_) => None,
        }))
    }
}

/// Returns the names of the fields that are columns.
fn kept(runs: &[Run]) -> HashSet<&str> {
    let records = runs.iter().filter_map(|run| match run {
        Run::Records(types) => Some(types.field_names()),
        Run::Table(_) => None,
    });
    let mut kept: HashSet<&str> = HashSet::new();
    for name in records.flatten() {
        if kept.len() == Types::MAX_COLUMNS {
            break;
        }
        kept.insert(name);
    }
    for run in runs {
        if let Run::Table(schema) = run {
            kept.extend(schema.fields().iter().map(|field| field.name().as_str()));
        }
    }
    kept
}

/// Returns the column for the fields that have none.
fn rest(kept: &HashSet<&str>) -> Field {
    let mut name = "__rest__".to_owned();
    while kept.contains(name.as_str()) {
        name.push('_');
    }
    as_json_text(&Field::new(name, DataType::Utf8, true))
}

/// Returns the top-level fields with what each part has for them.
fn columns(runs: &[Run]) -> Vec<(&str, Vec<Part<'_>>)> {
    let mut columns = Columns::default();
    for run in runs {
        match run {
            Run::Records(types) => columns.add(
                types
                    .fields()
                    .iter()
                    .map(|field| (field.name.as_str(), Part::Json(&field.held))),
            ),
            Run::Table(schema) => columns.add(table_columns(schema.fields())),
        }
    }
    columns.columns
}

fn table_columns(fields: &[Arc<Field>]) -> impl Iterator<Item = (&str, Part<'_>)> {
    fields
        .iter()
        .map(|field| (field.name().as_str(), Part::of(field)))
}

/// Columns by name. The n-th column of a name in one part is matched with the n-th of that name in another.
#[derive(Default)]
struct Columns<'a> {
    columns: Vec<(&'a str, Vec<Part<'a>>)>,
    places: HashMap<(&'a str, usize), usize>,
}

impl<'a> Columns<'a> {
    /// Adds the columns of one part.
    fn add(&mut self, columns: impl Iterator<Item = (&'a str, Part<'a>)>) {
        let mut times: HashMap<&str, usize> = HashMap::new();
        for (name, part) in columns {
            let time = times.entry(name).or_default();
            let place = *self.places.entry((name, *time)).or_insert_with(|| {
                self.columns.push((name, Vec::new()));
                self.columns.len() - 1
            });
            self.columns[place].1.push(part);
            *time += 1;
        }
    }
}
