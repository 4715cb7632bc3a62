//! The common schema of all rows of an output.

use std::collections::HashSet;
use std::io::{BufRead, BufReader};
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use coldpress_dataset::{FileCompression, RowsForm, TableRowsReader, decode_rows};
use coldpress_record::{FieldsSeen, Origin, ValueKind};
use coldpress_table::{Joined, MixedField, SchemaJoin, Types, as_json_text};

use crate::error::Result;
use crate::partition_rows::PartitionRows;

/// Joins the types of the rows of partitions.
#[derive(Default)]
pub(super) struct ColumnsJoin {
    join: SchemaJoin,
    /// The fields of the input, as long as no row has any.
    input: FieldsSeen,
}

/// The columns of an output.
pub(super) struct Columns {
    pub(super) schema: SchemaRef,
    /// True if the last column takes, as JSON text, the fields that have no column.
    pub(super) has_rest: bool,
    /// The fields whose values have more than one type.
    pub(super) mixed: Vec<MixedField>,
}

impl ColumnsJoin {
    /// Adds a partition. If the types of its lines are known, only the schema of its file is read. A schema is trusted before the
    /// file is proved, which happens when its rows are read.
    pub(super) fn add(&mut self, partition: &PartitionRows) -> Result<()> {
        if let Some(schema) = &partition.schema {
            self.join.add_schema(schema);
        }
        match (partition.form, &partition.types) {
            (_, Some(types)) => self.join.add_types(types),
            (RowsForm::Table, None) => self.join.add_schema(schema_of(partition)?.as_ref()),
            (RowsForm::Lines(_), None) if partition.schema.is_some() => {}
            (RowsForm::Lines(packing), None) => {
                let mut types = Types::default();
                read_types(partition, packing, |line, origin| {
                    types.observe(line, origin)
                })?;
                self.join.add_types(&types);
            }
        }
        match &partition.input {
            Some(input) if self.join.is_empty() => self.input.join(input),
            _ => self.input = FieldsSeen::default(),
        }
        Ok(())
    }

    /// Returns the columns of the rows of all these partitions, which were added.
    pub(super) fn finish(mut self, partitions: &[PartitionRows]) -> Result<Columns> {
        if self.join.is_empty() {
            return Ok(Columns {
                schema: schema_of_input(&self.input),
                has_rest: false,
                mixed: Vec::new(),
            });
        }
        let (names, has_more) = self.join.column_names();
        if has_more {
            for partition in partitions {
                self.add_unnoted(partition, &names)?;
            }
        }
        let Joined {
            schema,
            mixed,
            has_rest,
        } = self.join.finish();
        Ok(Columns {
            schema,
            has_rest,
            mixed,
        })
    }

    /// Adds the types of a partition's lines in columns of these names that it could not record, because they came after too many
    /// others.
    fn add_unnoted(&mut self, partition: &PartitionRows, names: &[String]) -> Result<()> {
        let (Some(types), RowsForm::Lines(packing)) = (&partition.types, partition.form) else {
            return Ok(());
        };
        if !types.has_more() {
            return Ok(());
        }
        let noted: HashSet<&str> = types.field_names().collect();
        let unnoted = names.iter().map(String::as_str);
        let mut rest = Types::of_fields(unnoted.filter(|name| !noted.contains(name)));
        if rest.field_names().next().is_none() {
            return Ok(());
        }
        read_types(partition, packing, |line, origin| {
            rest.observe_known(line, origin)
        })?;
        self.join.add_types(&rest);
        Ok(())
    }
}

fn schema_of(partition: &PartitionRows) -> Result<SchemaRef> {
    let reader = partition.open_rows().and_then(TableRowsReader::open);
    Ok(reader
        .map_err(|error| partition.unreadable(&error))?
        .schema())
}

impl Columns {
    fn rest_name(&self) -> Option<&str> {
        let last = self.schema.fields().last().filter(|_| self.has_rest);
        last.map(|field| field.name().as_str())
    }

    /// Returns a note about them for the user.
    pub(super) fn note(&self) -> Option<String> {
        self.rest_name().map(|name| {
            format!(
                "the records have more than {} fields: the first of them are columns, the values of all others are in the \
                 column `{name}`, as JSON",
                Types::MAX_COLUMNS
            )
        })
    }

    /// Turns the column into JSON text, which takes all values. Returns false if it already is.
    pub(super) fn become_json(&mut self, path: &str) -> bool {
        let mut fields: Vec<FieldRef> = self.schema.fields().iter().cloned().collect();
        // A path leads into a field. The field's name is the beginning of the path, and may itself contain dots.
        let is_meant = |field: &&mut FieldRef| {
            let rest = path.strip_prefix(field.name().as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        let meant = fields.iter_mut().filter(is_meant);
        let Some(field) = meant.max_by_key(|field| field.name().len()) else {
            return false;
        };
        let json = as_json_text(field);
        if **field == json {
            return false;
        }
        *field = Arc::new(json);
        let metadata = self.schema.metadata().clone();
        self.schema = SchemaRef::new(Schema::new_with_metadata(fields, metadata));
        true
    }
}

/// Returns the columns of an output without rows: those of the input's records.
fn schema_of_input(input: &FieldsSeen) -> SchemaRef {
    let fields = input.fields.iter().take(Types::MAX_COLUMNS);
    let fields = fields.map(|field| {
        let kinds: Vec<&ValueKind> = field.value_kinds().map(|seen| &seen.kind).collect();
        let plain = |data_type| Field::new(&field.name, data_type, true);
        match kinds.as_slice() {
            [] | [ValueKind::Text] => plain(DataType::Utf8),
            [ValueKind::Boolean] => plain(DataType::Boolean),
            [ValueKind::Integer] => plain(DataType::Int64),
            [ValueKind::Float] => plain(DataType::Float64),
            [ValueKind::Integer, ValueKind::Float] | [ValueKind::Float, ValueKind::Integer] => {
                plain(DataType::Float64)
            }
            _ => as_json_text(&plain(DataType::Utf8)),
        }
    });
    SchemaRef::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// Passes each line of a partition to `note`, with its place.
fn read_types(
    partition: &PartitionRows,
    packing: FileCompression,
    mut note: impl FnMut(&str, &Origin),
) -> Result<()> {
    let (file, proof) = partition.open()?;
    let text = decode_rows(file, packing).map_err(|error| partition.unreadable(&error))?;
    let mut lines = BufReader::new(text);
    let (mut line, mut position) = (String::new(), 0);
    loop {
        line.clear();
        let length = lines.read_line(&mut line);
        let length = length.map_err(|error| partition.unreadable(&error))? as u64;
        if length == 0 {
            break;
        }
        note(line.trim_end(), &Origin::new(0, position));
        position += length;
    }
    partition.prove(&proof.stamp())
}
