//! Conversion of structs, lists and maps by their children.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, FixedSizeListArray, GenericListArray, GenericListViewArray, MapArray,
    OffsetSizeTrait, StructArray,
};
use arrow::datatypes::{DataType, Field, FieldRef};

use super::{columns, convert, leaf, misfit};
use crate::Result;

/// Converts to a struct with the children of `to`.
pub(super) fn convert_struct(array: &ArrayRef, to: &Field) -> Result<ArrayRef> {
    let (Some(array), DataType::Struct(fields)) = (array.as_struct_opt(), to.data_type()) else {
        return Err(other_type(array, to));
    };
    let columns = columns(array.fields(), array.columns(), fields, array.len())?;
    let nulls = array.nulls().cloned();
    let converted = StructArray::try_new_with_length(fields.clone(), columns, nulls, array.len())?;
    Ok(Arc::new(converted))
}

/// Converts to a list of the kind and with the elements of `to`.
pub(super) fn convert_list(array: &ArrayRef, to: &Field) -> Result<ArrayRef> {
    let (Some((element, of_kind)), Some((to_element, _))) = (
        list_parts(array.data_type(), to.data_type()),
        list_parts(to.data_type(), to.data_type()),
    ) else {
        return Err(other_type(array, to));
    };
    if is_other_size(array.data_type(), to.data_type()) {
        return Err(other_type(array, to));
    }
    let lists = leaf::cast(array, &of_kind, to)?;
    match of_kind {
        DataType::List(_) => rebuild::<i32>(&lists, &element, to_element),
        DataType::LargeList(_) => rebuild::<i64>(&lists, &element, to_element),
        DataType::ListView(_) => rebuild_view::<i32>(&lists, &element, to_element),
        DataType::LargeListView(_) => rebuild_view::<i64>(&lists, &element, to_element),
        DataType::FixedSizeList(_, size) => {
            let lists = lists.as_fixed_size_list();
            let values = convert(lists.values(), &element, &to_element)?;
            let nulls = lists.nulls().cloned();
            let converted = FixedSizeListArray::try_new_with_length(
                to_element,
                size,
                values,
                nulls,
                lists.len(),
            )?;
            Ok(Arc::new(converted))
        }
        _ => Err(other_type(array, to)),
    }
}

/// Returns the element of a list type, and the type of a list of such elements that has the kind of `to`.
fn list_parts(from: &DataType, to: &DataType) -> Option<(FieldRef, DataType)> {
    let element = match from {
        DataType::List(element)
        | DataType::LargeList(element)
        | DataType::ListView(element)
        | DataType::LargeListView(element)
        | DataType::FixedSizeList(element, _) => Arc::clone(element),
        _ => return None,
    };
    let child = Arc::clone(&element);
    let of_kind = match to {
        DataType::List(_) => DataType::List(child),
        DataType::LargeList(_) => DataType::LargeList(child),
        DataType::ListView(_) => DataType::ListView(child),
        DataType::LargeListView(_) => DataType::LargeListView(child),
        DataType::FixedSizeList(_, size) => DataType::FixedSizeList(child, *size),
        _ => return None,
    };
    Some((element, of_kind))
}

/// Returns whether lists of any size would have to become lists of one size.
fn is_other_size(from: &DataType, to: &DataType) -> bool {
    match (from, to) {
        (DataType::FixedSizeList(_, size), DataType::FixedSizeList(_, to_size)) => size != to_size,
        (_, DataType::FixedSizeList(..)) => true,
        _ => false,
    }
}

fn rebuild<O: OffsetSizeTrait>(
    lists: &ArrayRef,
    element: &Field,
    to_element: FieldRef,
) -> Result<ArrayRef> {
    let lists = lists.as_list::<O>();
    let values = convert(lists.values(), element, &to_element)?;
    let (offsets, nulls) = (lists.offsets().clone(), lists.nulls().cloned());
    let converted = GenericListArray::try_new(to_element, offsets, values, nulls)?;
    Ok(Arc::new(converted))
}

fn rebuild_view<O: OffsetSizeTrait>(
    lists: &ArrayRef,
    element: &Field,
    to_element: FieldRef,
) -> Result<ArrayRef> {
    let lists = lists.as_list_view::<O>();
    let values = convert(lists.values(), element, &to_element)?;
    let (offsets, sizes) = (lists.offsets().clone(), lists.sizes().clone());
    let nulls = lists.nulls().cloned();
    let converted = GenericListViewArray::try_new(to_element, offsets, sizes, values, nulls)?;
    Ok(Arc::new(converted))
}

/// Converts to a map with the keys and values of `to`.
pub(super) fn convert_map(array: &ArrayRef, to: &Field) -> Result<ArrayRef> {
    let (Some(map), DataType::Map(entries, sorted)) = (array.as_map_opt(), to.data_type()) else {
        return Err(other_type(array, to));
    };
    let DataType::Struct(fields) = entries.data_type() else {
        return Err(other_type(array, to));
    };
    let from = map.entries();
    let mut columns = Vec::with_capacity(fields.len());
    // The fields are matched by position, because writers do not agree on the names.
    for ((from, column), field) in from.fields().iter().zip(from.columns()).zip(fields) {
        columns.push(convert(column, from, field)?);
    }
    let nulls = from.nulls().cloned();
    let converted = StructArray::try_new_with_length(fields.clone(), columns, nulls, from.len())?;
    let converted = MapArray::try_new(
        Arc::clone(entries),
        map.offsets().clone(),
        converted,
        map.nulls().cloned(),
        *sorted,
    )?;
    Ok(Arc::new(converted))
}

fn other_type(array: &dyn Array, to: &Field) -> crate::Error {
    misfit(format!("a column of {}", array.data_type()), to)
}
