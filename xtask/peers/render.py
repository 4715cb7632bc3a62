"""Rows of Arrow tables as JSON by the rules of docs/types.md, written without a look at the Rust that does the same.

`rows(table)` gives one line for each row, `{"a": 1, "b": "x"}`.
"""

import base64
import datetime
import json
import struct

import pyarrow as pa
import pyarrow.compute as pc

UNIT_DIGITS = {"s": 0, "ms": 3, "us": 6, "ns": 9}
DAY = 86_400
YEAR_1 = (datetime.date(1, 1, 1) - datetime.date(1970, 1, 1)).days * DAY
YEAR_10000 = (datetime.date(9999, 12, 31) - datetime.date(1970, 1, 1)).days * DAY + DAY


def rows(table):
    """One JSON object for each row of `table`, as text without a line break."""
    names = [text(name) for name in table.schema.names]
    columns = [column(table.column(index)) for index in range(table.num_columns)]
    for row in range(table.num_rows):
        yield "{" + ", ".join(f"{name}: {cells[row]}" for name, cells in zip(names, columns)) + "}"


def column(chunked):
    """The JSON texts of all values of a column."""
    return [json_text for chunk in chunked.chunks for json_text in array(chunk)]


def array(values):
    """The JSON texts of all values of an array."""
    if isinstance(values.type, pa.BaseExtensionType):
        if values.type.extension_name == "arrow.json":
            return [json_value(scalar.as_py()) for scalar in values.storage]
        return array(values.storage)
    if pa.types.is_run_end_encoded(values.type):
        return array(pc.run_end_decode(values))
    if pa.types.is_dictionary(values.type):
        known = array(values.dictionary)
        return ["null" if index is None else known[index] for index in values.indices.to_pylist()]
    if pa.types.is_union(values.type):
        return union(values)
    if pa.types.is_struct(values.type):
        return structures(values)
    render = renderer(values.type)
    return [render(scalar) if scalar.is_valid else "null" for scalar in values]


def structures(values):
    """Structs as objects of all their children."""
    names = [text(field.name) for field in values.type]
    children = [array(values.field(index)) for index in range(len(names))]
    found = []
    for row, valid in enumerate(values.is_valid().to_pylist()):
        parts = (f"{name}: {child[row]}" for name, child in zip(names, children))
        found.append("{" + ", ".join(parts) + "}" if valid else "null")
    return found


def union(values):
    """A union as objects of the name of the child and its value."""
    codes = values.type_codes.to_pylist()
    known_codes = values.type.type_codes
    children = [array(values.field(index)) for index in range(values.type.num_fields)]
    dense = values.type.mode == "dense"
    offsets = values.offsets.to_pylist() if dense else range(len(values))
    found = []
    for code, offset in zip(codes, offsets):
        child = known_codes.index(code)
        name = text(values.type.field(child).name)
        found.append(f'{{"type": {name}, "value": {children[child][offset]}}}')
    return found


def renderer(kind):
    """The function that makes JSON text of a valid scalar of this type."""
    types = pa.types
    if types.is_boolean(kind):
        return lambda scalar: "true" if scalar.as_py() else "false"
    if types.is_integer(kind) or types.is_duration(kind):
        return lambda scalar: str(scalar.value if types.is_duration(kind) else scalar.as_py())
    if types.is_floating(kind):
        return lambda scalar: floating(scalar.as_py(), kind.bit_width)
    if types.is_decimal(kind):
        return lambda scalar: decimal(scalar.as_py(), kind.scale)
    if types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind):
        return lambda scalar: text(scalar.as_py())
    if is_binary(kind):
        return lambda scalar: '"' + base64.b64encode(scalar.as_py()).decode() + '"'
    if types.is_date32(kind):
        return lambda scalar: instant(scalar.value * DAY, "date", scalar.value)
    if types.is_date64(kind):
        return date64
    if types.is_time(kind):
        return lambda scalar: '"' + time_of_day(scalar.value, kind.unit) + '"'
    if types.is_timestamp(kind):
        return lambda scalar: timestamp(scalar.value, kind.unit, kind.tz is not None)
    if types.is_interval(kind):
        return interval
    if types.is_map(kind):
        return mapping
    if is_list(kind):
        return lambda scalar: "[" + ", ".join(array(scalar.values)) + "]"
    if types.is_null(kind):
        return lambda scalar: "null"
    raise TypeError(f"no rule for {kind}")


def is_binary(kind):
    types = pa.types
    return (
        types.is_binary(kind)
        or types.is_large_binary(kind)
        or types.is_fixed_size_binary(kind)
        or types.is_binary_view(kind)
    )


def is_list(kind):
    types = pa.types
    return (
        types.is_list(kind)
        or types.is_large_list(kind)
        or types.is_fixed_size_list(kind)
        or types.is_list_view(kind)
        or types.is_large_list_view(kind)
    )


def text(value):
    """A JSON string that escapes only what must be escaped."""
    return json.dumps(value, ensure_ascii=False)


def floating(value, bits):
    """The shortest digits that give the same number of this width back."""
    if value != value:
        return '"NaN"'
    if value in (float("inf"), float("-inf")):
        return '"Infinity"' if value > 0 else '"-Infinity"'
    if bits == 64:
        return repr(value)
    code = "e" if bits == 16 else "f"
    for digits in range(1, 18):
        short = f"{value:.{digits}g}"
        if narrowed(float(short), code) == value:
            return repr(float(short))
    raise ValueError(f"{value} is no number of {bits} bits")


def narrowed(value, code):
    try:
        return struct.unpack(code, struct.pack(code, value))[0]
    except OverflowError:
        return None


def decimal(value, scale):
    """All digits, `scale` of them behind the point."""
    sign, digits, exponent = value.as_tuple()
    unscaled = int("".join(map(str, digits))) * 10 ** (exponent + scale) if exponent + scale >= 0 else None
    if unscaled is None:
        raise ValueError(f"{value} has more digits than scale {scale}")
    minus = "-" if sign and unscaled else ""
    if scale <= 0:
        return minus + str(unscaled * 10**-scale)
    padded = str(unscaled).rjust(scale + 1, "0")
    return f"{minus}{padded[:-scale]}.{padded[-scale:]}"


def date64(scalar):
    milliseconds = scalar.value
    if milliseconds % (DAY * 1000):
        return timestamp(milliseconds, "ms", False)
    return instant(milliseconds // 1000, "date", milliseconds)


def timestamp(value, unit, zoned):
    digits = UNIT_DIGITS[unit]
    seconds, rest = divmod(value, 10**digits)
    fraction = f".{rest:0{digits}}" if digits else ""
    return instant(seconds, fraction + ("Z" if zoned else ""), value)


def instant(seconds, ending, raw):
    """A date, or a date and time with this ending, or the raw integer outside of the years 1 to 9999."""
    if not YEAR_1 <= seconds < YEAR_10000:
        return str(raw)
    days, of_day = divmod(seconds, DAY)
    day = datetime.date(1970, 1, 1) + datetime.timedelta(days=days)
    shown = f"{day.year:04}-{day.month:02}-{day.day:02}"
    if ending == "date":
        return f'"{shown}"'
    return f'"{shown}T{clock(of_day)}{ending}"'


def time_of_day(value, unit):
    digits = UNIT_DIGITS[unit]
    seconds, rest = divmod(value, 10**digits)
    return clock(seconds) + (f".{rest:0{digits}}" if digits else "")


def clock(seconds):
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def interval(scalar):
    months, days, nanoseconds = scalar.as_py()
    return f'{{"months": {months}, "days": {days}, "nanoseconds": {nanoseconds}}}'


def mapping(scalar):
    entries = scalar.values
    keys, values = entries.field(0), entries.field(1)
    rendered = list(zip(array(keys), array(values)))
    plain = pa.types.is_string(keys.type) or pa.types.is_large_string(keys.type) or pa.types.is_string_view(keys.type)
    if plain and len({key for key, _ in rendered}) == len(rendered):
        return "{" + ", ".join(f"{key}: {value}" for key, value in rendered) + "}"
    return "[" + ", ".join(f'{{"key": {key}, "value": {value}}}' for key, value in rendered) + "]"


def json_value(value):
    """A text of the `arrow.json` type: itself when it is valid JSON, otherwise a string."""
    if value is None:
        return "null"
    try:
        json.loads(value, parse_constant=refuse)
    except ValueError:
        return text(value)
    return value.replace("\n", "").replace("\r", "")


def refuse(constant):
    raise ValueError(f"{constant} is not JSON")


def read(path):
    """The table in a Parquet or Arrow IPC file or stream."""
    import pyarrow.ipc
    import pyarrow.parquet

    if str(path).endswith(".parquet"):
        return pyarrow.parquet.ParquetFile(path).read()
    with open(path, "rb") as file:
        start = file.read(6)
    opened = pyarrow.ipc.open_file if start == b"ARROW1" else pyarrow.ipc.open_stream
    with pa.OSFile(str(path)) as source:
        return opened(source).read_all()
