"""JSON values as values that can be compared, whichever program read them."""

import base64
import datetime
import decimal
import json
import struct

import pyarrow as pa

import render

PER_UNIT = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}
DAY = 86_400 * 10**9
EXACT = decimal.Context(prec=2000, Emax=decimal.MAX_EMAX, Emin=decimal.MIN_EMIN)


class Number:
    """A JSON number with its own digits."""

    def __init__(self, text):
        self.text = text
        self.is_integer = text.lstrip("-").isdigit()

    def exact(self):
        return ("number", EXACT.create_decimal(self.text).normalize(EXACT), self.text.startswith("-"))

    def __eq__(self, other):
        if not isinstance(other, Number):
            return False
        same_form = not self.is_integer and not other.is_integer
        return self.text == other.text or (same_form and self.exact() == other.exact())

    def __repr__(self):
        return self.text


def parse(text):
    """A JSON text as Python values, its numbers as they are spelled."""
    return json.loads(text, parse_int=Number, parse_float=Number, parse_constant=render.refuse)


def neutral(value, kind, wanted):
    """The value of a column of type `kind`, where a column of type `wanted` was expected."""
    if value is None:
        return None
    types = pa.types
    if is_json(wanted):
        return as_json(value, kind)
    if types.is_map(wanted):
        return entries(value, kind, wanted)
    if types.is_struct(wanted) and types.is_struct(kind):
        return {field.name: neutral(value.get(field.name), child(kind, field.name), field.type) for field in wanted}
    if render.is_list(wanted) and render.is_list(kind):
        return [neutral(item, kind.value_type, wanted.value_type) for item in value]
    if types.is_dictionary(wanted) or types.is_dictionary(kind):
        return neutral(value, value_type(kind), value_type(wanted))
    if types.is_duration(wanted):
        unit = kind.unit if types.is_duration(kind) else wanted.unit
        return ("nanoseconds", int(value.text) * PER_UNIT[unit])
    if is_instant(wanted) and is_instant(kind):
        return ("instant", instant(value, kind))
    if types.is_time(wanted) and types.is_time(kind):
        return ("time", clock(value))
    if types.is_floating(wanted) and types.is_floating(kind):
        return floating(value, kind)
    if render.is_binary(storage(wanted)) and isinstance(value, str):
        return binary(value, kind)
    if isinstance(value, Number):
        return value.exact()
    return plain(value)


def child(kind, name):
    index = kind.get_field_index(name)
    return kind.field(index).type if index >= 0 else pa.null()


def value_type(kind):
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def storage(kind):
    return kind.storage_type if isinstance(kind, pa.BaseExtensionType) else kind


def is_json(kind):
    return isinstance(kind, pa.BaseExtensionType) and kind.extension_name == "arrow.json"


def is_instant(kind):
    return pa.types.is_timestamp(kind) or pa.types.is_date(kind)


def as_json(value, kind):
    """A value inside of JSON text: the text itself where a program gives it as a text."""
    if not is_json(kind) and isinstance(value, str):
        try:
            value = parse(base64.b64decode(value).decode() if render.is_binary(kind) else value)
        except ValueError:
            pass
    return plain(value)


def plain(value):
    """A JSON value; objects keep the order of their keys."""
    if isinstance(value, dict):
        return ("object", [(key, plain(item)) for key, item in value.items()])
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value


def entries(value, kind, wanted):
    """A map as pairs, from an object or from a list of pairs."""
    pairs = list(value.items()) if isinstance(value, dict) else [(pair["key"], pair["value"]) for pair in value]
    pair = kind.value_type if render.is_list(kind) else None
    key = child(pair, "key") if pair else kind.key_type
    item = child(pair, "value") if pair else kind.item_type
    return [(neutral(one, key, wanted.key_type), neutral(other, item, wanted.item_type)) for one, other in pairs]


def floating(value, kind):
    """The number that is meant, in the width of the column."""
    code = {16: "e", 32: "f", 64: "d"}[kind.bit_width]
    number = float(value.text if isinstance(value, Number) else value)
    if number != number:
        return "NaN"
    rounded = struct.unpack(code, struct.pack(code, number))[0]
    return ("float", struct.pack("d", rounded).hex())


def binary(value, kind):
    """Bytes, also of a UUID that a program gives as text."""
    if not render.is_binary(storage(kind)) and len(value) == 36 and value.count("-") == 4:
        return bytes.fromhex(value.replace("-", ""))
    return base64.b64decode(value, validate=True)


def instant(value, kind):
    """Nanoseconds since 1970."""
    if isinstance(value, Number):
        if pa.types.is_date32(kind):
            return int(value.text) * DAY
        return int(value.text) * PER_UNIT["ms" if pa.types.is_date64(kind) else kind.unit]
    day, _, rest = value.removesuffix("Z").partition("T")
    days = (datetime.date.fromisoformat(day) - datetime.date(1970, 1, 1)).days
    return days * DAY + (clock(rest) if rest else 0)


def clock(text):
    """Nanoseconds since midnight."""
    whole, _, fraction = text.partition(".")
    hours, minutes, seconds = map(int, whole.split(":"))
    return ((hours * 60 + minutes) * 60 + seconds) * 10**9 + int((fraction or "0").ljust(9, "0"))
