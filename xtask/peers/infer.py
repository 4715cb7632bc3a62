"""The column types that JSON rows must get, by the rules of docs/types.md, written apart from the Rust that does the same."""

import pyarrow as pa

from neutral import Number

MIXED = pa.json_()
I64 = range(-(2**63), 2**63)
U64 = range(0, 2**64)
EXACT = range(-(2**53), 2**53 + 1)
MAX_KEYS = 64


def schema(rows):
    """Name and type of each column, in the order in which the fields are first seen."""
    columns = {}
    for row in rows:
        for name in row:
            columns.setdefault(name, [])
    for name, values in columns.items():
        values.extend(row.get(name) for row in rows)
    return [(name, column(values)) for name, values in columns.items()]


def column(values):
    """The type that holds all these values."""
    values = [value for value in values if value is not None]
    if not values:
        return pa.null()
    if all(isinstance(value, bool) for value in values):
        return pa.bool_()
    if all(isinstance(value, Number) for value in values):
        return number(values)
    if all(isinstance(value, str) for value in values):
        return pa.string()
    if all(isinstance(value, list) for value in values):
        element = column([item for value in values for item in value])
        return MIXED if holds_mixed(element) else pa.list_(pa.field("element", element))
    if all(isinstance(value, dict) for value in values):
        return structure(values)
    return MIXED


def number(values):
    integers = [int(value.text) for value in values if value.is_integer]
    if len(integers) == len(values):
        if all(value in I64 for value in integers):
            return pa.int64()
        return pa.uint64() if all(value in U64 for value in integers) else MIXED
    finite = all(abs(float(value.text)) != float("inf") for value in values)
    return pa.float64() if finite and all(value in EXACT for value in integers) else MIXED


def structure(values):
    if not all(values):
        return MIXED
    children = schema(values)
    if len(children) > MAX_KEYS:
        return MIXED
    return pa.struct([pa.field(name, kind) for name, kind in children])


def holds_mixed(kind):
    if kind == MIXED:
        return True
    if pa.types.is_list(kind):
        return holds_mixed(kind.value_type)
    return pa.types.is_struct(kind) and any(holds_mixed(field.type) for field in kind)
