//! The schema under which rows are shown: that of their file, but with unique names and with texts that the file stores as bytes.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema};

use super::utf8::{as_text, is_binary};

/// Returns the schema with unique names and with these fields as texts, if they are bytes of any length.
pub(super) fn shown(schema: &Schema, texts: &[String]) -> Schema {
    let mut fields = unique(schema.fields());
    for name in texts {
        fields = with_text(&fields, name);
    }
    Schema::new_with_metadata(fields, schema.metadata().clone())
}

/// Returns whether the field called `name` holds bytes of any length, which become text if the recipe names the field as text.
pub(crate) fn is_bytes(fields: &Fields, name: &str) -> bool {
    let place = super::columns::find_field(fields, name);
    place.is_some_and(|place| is_binary(place.field.data_type()))
}

fn with_text(fields: &Fields, name: &str) -> Fields {
    let Some(place) = super::columns::find_field(fields, name) else {
        return fields.clone();
    };
    change(fields, &place.indexes)
}

fn change(fields: &Fields, path: &[usize]) -> Fields {
    let Some((index, rest)) = path.split_first() else {
        return fields.clone();
    };
    let mut fields: Vec<FieldRef> = fields.iter().cloned().collect();
    let field = &fields[*index];
    let data_type = match field.data_type() {
        DataType::Struct(children) if !rest.is_empty() => DataType::Struct(change(children, rest)),
        other => as_text(other),
    };
    fields[*index] = Arc::new(Field::clone(field).with_data_type(data_type));
    fields.into()
}

/// Renames the second of two fields with one name to `{name}_2`, as in CSV files.
fn unique(fields: &Fields) -> Fields {
    let names = unique_names(fields.iter().map(|field| field.name().as_str()));
    let fields = fields.iter().zip(names).map(|(field, name)| {
        let data_type = unique_inside(field.data_type());
        match *field.name() == name && data_type == *field.data_type() {
            true => Arc::clone(field),
            false => {
                let field = Field::clone(field).with_name(name);
                Arc::new(field.with_data_type(data_type))
            }
        }
    });
    fields.collect()
}

fn unique_inside(data_type: &DataType) -> DataType {
    let child = |field: &FieldRef| {
        let data_type = unique_inside(field.data_type());
        Arc::new(Field::clone(field).with_data_type(data_type))
    };
    match data_type {
        DataType::Struct(fields) => DataType::Struct(unique(fields)),
        DataType::List(element) => DataType::List(child(element)),
        DataType::LargeList(element) => DataType::LargeList(child(element)),
        DataType::FixedSizeList(element, size) => DataType::FixedSizeList(child(element), *size),
        DataType::Map(entries, sorted) => DataType::Map(child(entries), *sorted),
        other => other.clone(),
    }
}

/// Returns the names. One that repeats an earlier one gets the first number that makes it unique.
pub(crate) fn unique_names<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let names: Vec<&str> = names.collect();
    let given: BTreeSet<&str> = names.iter().copied().collect();
    let mut taken: BTreeSet<String> = BTreeSet::new();
    let mut unique = Vec::with_capacity(names.len());
    for name in names {
        let mut new = name.to_owned();
        let mut number = 2_u64;
        while taken.contains(&new) || (new != name && given.contains(new.as_str())) {
            new = format!("{name}_{number}");
            number += 1;
        }
        taken.insert(new.clone());
        unique.push(new);
    }
    unique
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_unique() {
        let unique = |names: &[&str]| unique_names(names.iter().copied());
        assert_eq!(
            unique(&["a", "b", "a", "a_2", "a"]),
            ["a", "b", "a_3", "a_2", "a_4"]
        );
        let inner = Fields::from(vec![
            Field::new("x", DataType::Binary, true),
            Field::new("x", DataType::Int8, true),
        ]);
        let schema = Schema::new(vec![
            Field::new("s", DataType::Struct(inner), true),
            Field::new("s", DataType::LargeBinary, true),
        ]);
        let texts = ["s.x".to_owned(), "s_2".to_owned(), "none".to_owned()];
        let shown = shown(&schema, &texts);
        assert_eq!(
            *shown.field(1),
            Field::new("s_2", DataType::LargeUtf8, true)
        );
        let inner = Fields::from(vec![
            Field::new("x", DataType::Utf8, true),
            Field::new("x_2", DataType::Int8, true),
        ]);
        assert_eq!(*shown.field(0).data_type(), DataType::Struct(inner));
    }
}
