//! The schema of a Parquet file with bytes in place of texts, whose decoders do not check for UTF-8.

use std::sync::Arc;

use parquet::basic::{ConvertedType, Type as Physical};
use parquet::errors::Result;
use parquet::schema::types::{SchemaDescriptor, Type, TypePtr};

pub(super) fn without_texts(schema: &SchemaDescriptor) -> Result<SchemaDescriptor> {
    Ok(SchemaDescriptor::new(plain(&schema.root_schema_ptr())?))
}

fn plain(field: &TypePtr) -> Result<TypePtr> {
    let info = field.get_basic_info();
    if field.is_group() {
        let fields = field.get_fields().iter().map(plain);
        let mut group = Type::group_type_builder(field.name())
            .with_fields(fields.collect::<Result<_>>()?)
            .with_logical_type(info.logical_type_ref().cloned())
            .with_converted_type(info.converted_type());
        if info.has_repetition() {
            group = group.with_repetition(info.repetition());
        }
        return Ok(Arc::new(group.build()?));
    }
    let is_text = field.get_physical_type() == Physical::BYTE_ARRAY
        && !matches!(
            info.converted_type(),
            ConvertedType::DECIMAL | ConvertedType::NONE
        );
    if !is_text {
        return Ok(Arc::clone(field));
    }
    let bytes = Type::primitive_type_builder(field.name(), Physical::BYTE_ARRAY)
        .with_repetition(info.repetition());
    Ok(Arc::new(bytes.build()?))
}
