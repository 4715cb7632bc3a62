//! Lists, structs, maps, unions and encoded values as JSON.

use std::collections::HashSet;
use std::ops::Range;

use arrow::array::{
    Array, ArrayRef, AsArray, GenericListArray, GenericListViewArray, MapArray, OffsetSizeTrait,
    UnionArray,
};
use arrow::datatypes::*;
use coldpress_record::escape_into;

use super::{value, write_key};

/// The longest map that is searched for repeated keys without a hash table.
const FEW_KEYS: usize = 16;

/// Appends the value of `array`, whose type holds other types, at `row`.
pub(super) fn write(array: &dyn Array, field: &Field, row: usize, out: &mut Vec<u8>) {
    match array.data_type() {
        DataType::List(child) => write_list(array.as_list::<i32>(), child, row, out),
        DataType::LargeList(child) => write_list(array.as_list::<i64>(), child, row, out),
        DataType::ListView(child) => write_view(array.as_list_view::<i32>(), child, row, out),
        DataType::LargeListView(child) => write_view(array.as_list_view::<i64>(), child, row, out),
        DataType::FixedSizeList(child, size) => {
            let list = array.as_fixed_size_list();
            let start = list.value_offset_at(row);
            write_elements(list.values(), child, start..start + *size as usize, out);
        }
        DataType::Struct(children) => {
            write_struct(array.as_struct().columns(), children, row, out);
        }
        DataType::Map(entries, _) => write_map(array.as_map(), entries, row, out),
        DataType::Union(fields, _) => write_union(array.as_union(), fields, row, out),
        DataType::Dictionary(key, _) => write_dictionary(array, key, field, row, out),
        DataType::RunEndEncoded(ends, values) => write_run(array, ends, values, row, out),
        // The caller passes no other type.
        _ => out.extend_from_slice(b"null"),
    }
}

fn write_list<O: OffsetSizeTrait>(
    list: &GenericListArray<O>,
    child: &Field,
    row: usize,
    out: &mut Vec<u8>,
) {
    let offsets = list.value_offsets();
    let range = offsets[row].as_usize()..offsets[row + 1].as_usize();
    write_elements(list.values(), child, range, out);
}

fn write_view<O: OffsetSizeTrait>(
    list: &GenericListViewArray<O>,
    child: &Field,
    row: usize,
    out: &mut Vec<u8>,
) {
    let start = list.value_offsets()[row].as_usize();
    let end = start + list.value_sizes()[row].as_usize();
    write_elements(list.values(), child, start..end, out);
}

fn write_elements(values: &ArrayRef, child: &Field, range: Range<usize>, out: &mut Vec<u8>) {
    out.push(b'[');
    for row in range.clone() {
        if row > range.start {
            out.extend_from_slice(b", ");
        }
        value::write(values, child, row, out);
    }
    out.push(b']');
}

fn write_struct(columns: &[ArrayRef], children: &Fields, row: usize, out: &mut Vec<u8>) {
    out.push(b'{');
    for (at, (child, column)) in children.iter().zip(columns).enumerate() {
        write_key(at == 0, child.name(), out);
        value::write(column, child, row, out);
    }
    out.push(b'}');
}

fn write_map(map: &MapArray, entries: &Field, row: usize, out: &mut Vec<u8>) {
    let DataType::Struct(pair) = entries.data_type() else {
        return out.extend_from_slice(b"null");
    };
    let offsets = map.value_offsets();
    let range = offsets[row].as_usize()..offsets[row + 1].as_usize();
    match text_keys(map.keys(), range.clone()) {
        Some(keys) => write_map_object(&keys, map, &pair[1], range, out),
        None => write_map_list(map, pair, range, out),
    }
}

fn write_map_object(
    keys: &[&str],
    map: &MapArray,
    child: &Field,
    range: Range<usize>,
    out: &mut Vec<u8>,
) {
    out.push(b'{');
    for (key, row) in keys.iter().zip(range.clone()) {
        write_key(row == range.start, key, out);
        value::write(map.values(), child, row, out);
    }
    out.push(b'}');
}

fn write_map_list(map: &MapArray, pair: &Fields, range: Range<usize>, out: &mut Vec<u8>) {
    out.push(b'[');
    for row in range.clone() {
        let lead: &[u8] = if row > range.start { b", {" } else { b"{" };
        out.extend_from_slice(lead);
        write_key(true, "key", out);
        value::write(map.keys(), &pair[0], row, out);
        write_key(false, "value", out);
        value::write(map.values(), &pair[1], row, out);
        out.push(b'}');
    }
    out.push(b']');
}

/// Returns the keys of a map, if they can be the keys of an object: text, each only once.
fn text_keys(keys: &ArrayRef, range: Range<usize>) -> Option<Vec<&str>> {
    let key = |row: usize| {
        let is_null = keys.is_null(row);
        let text = match keys.data_type() {
            DataType::Utf8 => keys.as_string::<i32>().value(row),
            DataType::LargeUtf8 => keys.as_string::<i64>().value(row),
            DataType::Utf8View => keys.as_string_view().value(row),
            _ => return None,
        };
        (!is_null).then_some(text)
    };
    // An empty map with other keys is a list, like the other maps of its column.
    if !keys.data_type().is_string() {
        return None;
    }
    let keys = range.map(key).collect::<Option<Vec<_>>>()?;
    let is_unique = if keys.len() <= FEW_KEYS {
        (1..keys.len()).all(|at| !keys[..at].contains(&keys[at]))
    } else {
        keys.iter().collect::<HashSet<_>>().len() == keys.len()
    };
    is_unique.then_some(keys)
}

fn write_union(union: &UnionArray, fields: &UnionFields, row: usize, out: &mut Vec<u8>) {
    let id = union.type_id(row);
    let Some((_, child)) = fields.iter().find(|(child_id, _)| *child_id == id) else {
        return out.extend_from_slice(b"null");
    };
    out.push(b'{');
    write_key(true, "type", out);
    escape_into(child.name(), out);
    write_key(false, "value", out);
    value::write(union.child(id), child, union.value_offset(row), out);
    out.push(b'}');
}

fn write_dictionary(
    array: &dyn Array,
    key: &DataType,
    field: &Field,
    row: usize,
    out: &mut Vec<u8>,
) {
    match key {
        DataType::Int8 => write_entry::<Int8Type>(array, field, row, out),
        DataType::Int16 => write_entry::<Int16Type>(array, field, row, out),
        DataType::Int32 => write_entry::<Int32Type>(array, field, row, out),
        DataType::Int64 => write_entry::<Int64Type>(array, field, row, out),
        DataType::UInt8 => write_entry::<UInt8Type>(array, field, row, out),
        DataType::UInt16 => write_entry::<UInt16Type>(array, field, row, out),
        DataType::UInt32 => write_entry::<UInt32Type>(array, field, row, out),
        _ => write_entry::<UInt64Type>(array, field, row, out),
    }
}

fn write_entry<K: ArrowDictionaryKeyType>(
    array: &dyn Array,
    field: &Field,
    row: usize,
    out: &mut Vec<u8>,
) {
    let dictionary = array.as_dictionary::<K>();
    let at = dictionary.keys().value(row).as_usize();
    value::write(dictionary.values(), field, at, out);
}

fn write_run(array: &dyn Array, ends: &Field, values: &Field, row: usize, out: &mut Vec<u8>) {
    match ends.data_type() {
        DataType::Int16 => write_run_of::<Int16Type>(array, values, row, out),
        DataType::Int32 => write_run_of::<Int32Type>(array, values, row, out),
        _ => write_run_of::<Int64Type>(array, values, row, out),
    }
}

fn write_run_of<R: RunEndIndexType>(
    array: &dyn Array,
    field: &Field,
    row: usize,
    out: &mut Vec<u8>,
) {
    let runs = array.as_run::<R>();
    value::write(runs.values(), field, runs.get_physical_index(row), out);
}
