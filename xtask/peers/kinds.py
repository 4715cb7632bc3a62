"""Which types of columns count as the wanted ones."""

import pyarrow as pa

import render
from neutral import is_json, storage, value_type


def as_parquet(kind):
    """The type that a Parquet file can hold instead of an Arrow type that it has not."""
    types = pa.types
    if types.is_time32(kind) and kind.unit == "s":
        return pa.time32("ms")
    if types.is_timestamp(kind) and kind.unit == "s":
        return pa.timestamp("ms", kind.tz)
    if types.is_interval(kind) or types.is_union(kind) or (types.is_decimal(kind) and kind.scale < 0):
        return pa.json_()
    return kind.value_type if types.is_run_end_encoded(kind) else kind


def same_type(kind, wanted):
    """The same type, but for the names of the children of lists and maps."""
    types = pa.types
    if render.is_list(kind) and kind.id == wanted.id:
        same_size = not types.is_fixed_size_list(kind) or kind.list_size == wanted.list_size
        return same_size and same_type(kind.value_type, wanted.value_type)
    if types.is_struct(kind) and types.is_struct(wanted):
        names = [field.name for field in kind] == [field.name for field in wanted]
        return names and all(same_type(one.type, other.type) for one, other in zip(kind, wanted))
    if types.is_map(kind) and types.is_map(wanted):
        return same_type(kind.key_type, wanted.key_type) and same_type(kind.item_type, wanted.item_type)
    if types.is_dictionary(kind) and types.is_dictionary(wanted):
        return same_type(kind.value_type, wanted.value_type)
    if types.is_dictionary(wanted):
        # An Arrow file has one dictionary for each column, a dataset may have many: values stand for themselves.
        return class_of(kind) == class_of(wanted.value_type)
    if types.is_date64(wanted) or types.is_date64(kind):
        # Parquet has no such type: whole days or instants take its place, and readers differ in what they make of them.
        return types.is_date(kind) or kind == pa.timestamp("ms")
    return kind == wanted


def same_class(kind, wanted):
    """Types that a program with fewer types may give instead of the wanted one."""
    kind, wanted = value_type(kind), value_type(wanted)
    if pa.types.is_null(wanted) or pa.types.is_null(kind):
        return pa.types.is_null(wanted)
    if is_json(wanted):
        return is_json(kind) or class_of(kind) in ("text", "binary")
    kind, wanted = storage(kind), storage(wanted)
    if pa.types.is_map(wanted) and render.is_list(kind):
        return pa.types.is_struct(kind.value_type)
    if render.is_list(wanted) and render.is_list(kind):
        return same_class(kind.value_type, wanted.value_type)
    if pa.types.is_struct(wanted) and pa.types.is_struct(kind):
        names = [field.name for field in kind] == [field.name for field in wanted]
        return names and all(same_class(one.type, other.type) for one, other in zip(kind, wanted))
    instead = {"uuid": {"text", "binary"}, "duration": {"integer"}, "half": {"float"}, "date64": {"date", "instant"}, "date": {"instant"}}
    return class_of(kind) == class_of(wanted) or class_of(kind) in instead.get(class_of(wanted), ())


def class_of(kind):
    types = pa.types
    if types.is_fixed_size_binary(kind) and kind.byte_width == 16:
        return "uuid"
    known = {
        "half": types.is_float16,
        "float": types.is_floating,
        "integer": types.is_integer,
        "decimal": types.is_decimal,
        "flag": types.is_boolean,
        "date64": types.is_date64,
        "date": types.is_date,
        "time": types.is_time,
        "instant": types.is_timestamp,
        "duration": types.is_duration,
        "binary": render.is_binary,
        "map": types.is_map,
        "text": lambda kind: types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind),
    }
    return next((name for name, holds in known.items() if holds(kind)), str(kind))
