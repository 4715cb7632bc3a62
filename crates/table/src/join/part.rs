//! The values of a field in one part of a dataset.

use arrow::datatypes::{DataType, Field, Metadata, TimeUnit};

use crate::json_text::is_json_text;
use crate::types::{Class, Held};

/// The values of a field in one part of a dataset.
#[derive(Clone, Copy)]
pub(super) enum Part<'a> {
    /// JSON values.
    Json(&'a Held),
    /// A column.
    Column(Column<'a>),
}

/// A column of a table.
#[derive(Clone, Copy)]
pub(super) struct Column<'a> {
    pub(super) data_type: &'a DataType,
    pub(super) metadata: &'a Metadata,
    pub(super) nullable: bool,
    pub(super) is_json: bool,
}

/// Types that can be joined with each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    Boolean,
    Number,
    Text,
    Binary,
    Timestamp,
    Decimal,
    List,
    Struct,
    Map,
    /// A type that joins only with itself.
    Other,
}

impl<'a> Part<'a> {
    pub(super) fn of(field: &'a Field) -> Self {
        Self::Column(Column {
            data_type: field.data_type(),
            metadata: field.metadata(),
            nullable: field.is_nullable(),
            is_json: is_json_text(field) && is_text(field.data_type()),
        })
    }

    /// Returns whether it has only nulls.
    pub(super) fn is_null(self) -> bool {
        match self {
            Self::Json(held) => held.kinds().is_empty(),
            Self::Column(column) => *column.data_type == DataType::Null,
        }
    }

    /// Returns whether it can have nulls.
    pub(super) fn is_nullable(self) -> bool {
        match self {
            Self::Json(_) => true,
            Self::Column(column) => column.nullable || self.is_null(),
        }
    }

    pub(super) fn column(self) -> Option<Column<'a>> {
        match self {
            Self::Json(_) => None,
            Self::Column(column) => Some(column),
        }
    }

    /// Returns the type of its column.
    pub(super) fn data_type(self) -> Option<&'a DataType> {
        self.column().map(|column| column.data_type)
    }

    /// Returns it with the type of its values, if they are encoded.
    pub(super) fn decoded(self) -> Self {
        match self {
            Self::Json(_) => self,
            Self::Column(column) => Self::Column(Column {
                data_type: decoded(column.data_type),
                ..column
            }),
        }
    }

    /// Returns the family that it can be joined with; `None` if there is none.
    pub(super) fn family(self) -> Option<Family> {
        let class = match self {
            Self::Column(column) => return Some(family(column.data_type)),
            Self::Json(held) if held.is_wide() => return None,
            Self::Json(held) => held.class()?,
        };
        Family::of_class(class)
    }
}

impl Family {
    /// Returns the family that JSON values of a class can be joined with; `None` if there is none.
    pub(super) fn of_class(class: Class) -> Option<Self> {
        Some(match class {
            Class::Boolean => Self::Boolean,
            Class::Number => Self::Number,
            Class::Text => Self::Text,
            Class::List => Self::List,
            Class::Object => Self::Struct,
            Class::Json => return None,
        })
    }
}

fn family(data_type: &DataType) -> Family {
    match data_type {
        DataType::Boolean => Family::Boolean,
        _ if data_type.is_integer() || data_type.is_floating() => Family::Number,
        _ if is_text(data_type) => Family::Text,
        DataType::Binary
        | DataType::LargeBinary
        | DataType::BinaryView
        | DataType::FixedSizeBinary(_) => Family::Binary,
        DataType::Timestamp(..) => Family::Timestamp,
        _ if data_type.is_decimal() => Family::Decimal,
        _ if data_type.is_list() => Family::List,
        DataType::Struct(_) => Family::Struct,
        DataType::Map(..) => Family::Map,
        _ => Family::Other,
    }
}

fn is_text(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View
    )
}

/// Returns the type of the values of a dictionary or of runs, and any other type itself.
pub(super) fn decoded(data_type: &DataType) -> &DataType {
    match data_type {
        DataType::Dictionary(_, values) => decoded(values),
        DataType::RunEndEncoded(_, values) => decoded(values.data_type()),
        _ => data_type,
    }
}

/// Returns the name of the type for a report.
pub(super) fn name(column: Column<'_>) -> String {
    if column.is_json {
        return "json".to_owned();
    }
    let data_type = decoded(column.data_type);
    match (family(data_type), data_type) {
        (Family::Text, _) => "text".to_owned(),
        (Family::Binary, _) => "binary".to_owned(),
        (Family::List, _) => "list".to_owned(),
        (Family::Struct, _) => "object".to_owned(),
        (Family::Map, _) => "map".to_owned(),
        (_, DataType::Union(..)) => "union".to_owned(),
        (_, DataType::Timestamp(unit, zone)) => {
            let zone = zone.as_deref().unwrap_or("no zone");
            format!("timestamp({}, {zone})", unit_name(*unit))
        }
        _ => data_type.to_string().to_lowercase(),
    }
}

fn unit_name(unit: TimeUnit) -> &'static str {
    match unit {
        TimeUnit::Second => "s",
        TimeUnit::Millisecond => "ms",
        TimeUnit::Microsecond => "us",
        TimeUnit::Nanosecond => "ns",
    }
}
