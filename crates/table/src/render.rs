//! Rows of record batches as JSON objects.

mod nested;
mod number;
mod text;
mod time;
mod value;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Field, Fields, SchemaRef};
use coldpress_record::escape_into;

/// Writes rows of record batches as JSON objects, in the form that [`Decoder`](crate::Decoder) reads back exactly.
///
/// Every column of the row is written, including nulls: `{"id": 1, "text": null}`. A schema with a repeated name gives objects with
/// a repeated key; [`Decoder::new`](crate::Decoder::new) refuses such a schema.
#[derive(Clone, Debug)]
pub struct Renderer {
    schema: SchemaRef,
    /// The text before each column's value: its separator, its name as a JSON string and the colon.
    keys: Vec<Vec<u8>>,
}

impl Renderer {
    /// Creates a renderer of batches of this schema.
    pub fn new(schema: &SchemaRef) -> Self {
        let keys = schema.fields().iter().enumerate().map(|(at, field)| {
            let mut key = Vec::new();
            write_key(at == 0, field.name(), &mut key);
            key
        });
        Self {
            keys: keys.collect(),
            schema: SchemaRef::clone(schema),
        }
    }

    /// Appends row `row` of `batch`, which has the renderer's schema, as a JSON object without a line end.
    ///
    /// `changed` has names of text fields with their new text. A name with dots is the column of that name if the schema has one,
    /// or else a field of nested structs, as for [`coldpress_record::FieldPath`]. A name that the schema does not have becomes an
    /// additional key of the object.
    ///
    /// # Panics
    /// Panics if the batch has no such row.
    pub fn write_row(
        &self,
        batch: &RecordBatch,
        row: usize,
        changed: &[(&str, &str)],
        out: &mut Vec<u8>,
    ) {
        let fields = self.schema.fields();
        out.push(b'{');
        for ((key, field), array) in self.keys.iter().zip(fields).zip(batch.columns()) {
            out.extend_from_slice(key);
            if changed.is_empty() {
                value::write(array, field, row, out);
            } else {
                write_changed(array, field, fields, row, changed, out);
            }
        }
        let mut is_first = self.keys.is_empty();
        for (name, text) in changed.iter().filter(|(name, _)| !has(fields, name)) {
            write_key(is_first, name, out);
            escape_into(text, out);
            is_first = false;
        }
        out.push(b'}');
    }

    /// Appends the value of `array`, whose field is `field`, at `row` as JSON.
    ///
    /// # Panics
    /// Panics if the array has no such row.
    pub fn write_value(array: &dyn Array, field: &Field, row: usize, out: &mut Vec<u8>) {
        value::write(array, field, row, out);
    }
}

/// Appends the text before a value in an object.
fn write_key(is_first: bool, name: &str, out: &mut Vec<u8>) {
    if !is_first {
        out.extend_from_slice(b", ");
    }
    escape_into(name, out);
    out.extend_from_slice(b": ");
}

/// Appends the value of `field`, one of `siblings`, with the changes from `changed` to it and to its contents.
fn write_changed(
    array: &dyn Array,
    field: &Field,
    siblings: &Fields,
    row: usize,
    changed: &[(&str, &str)],
    out: &mut Vec<u8>,
) {
    if let Some((_, text)) = changed.iter().rfind(|(name, _)| name == field.name()) {
        return escape_into(text, out);
    }
    if let DataType::Struct(children) = field.data_type() {
        let within = changed
            .iter()
            .filter(|(name, _)| siblings.iter().all(|sibling| sibling.name() != name))
            .filter_map(|(name, text)| Some((name.split_once('.')?, *text)))
            .filter(|((first, rest), _)| first == field.name() && has(children, rest))
            .map(|((_, rest), text)| (rest, text))
            .collect::<Vec<_>>();
        if !within.is_empty() {
            return write_changed_struct(array, children, row, &within, out);
        }
    }
    value::write(array, field, row, out);
}

fn write_changed_struct(
    array: &dyn Array,
    children: &Fields,
    row: usize,
    changed: &[(&str, &str)],
    out: &mut Vec<u8>,
) {
    let columns = array.as_struct().columns();
    out.push(b'{');
    for (at, (field, column)) in children.iter().zip(columns).enumerate() {
        write_key(at == 0, field.name(), out);
        write_changed(column, field, children, row, changed, out);
    }
    out.push(b'}');
}

/// Returns whether the dotted or literal name leads to one of `fields` or into their structs.
fn has(fields: &Fields, name: &str) -> bool {
    let nested = || {
        let (first, rest) = name.split_once('.')?;
        let (_, field) = fields.find(first)?;
        match field.data_type() {
            DataType::Struct(children) => Some(has(children, rest)),
            _ => None,
        }
    };
    fields.find(name).is_some() || nested().unwrap_or(false)
}
