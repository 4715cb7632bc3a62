"""Thrift's compact protocol, just enough to read a Parquet footer or page header, change it, and write it again.

A structure is a dict of field number -> (type, value), a list `List(type, items)`. What is written may lie about itself:
an integer of any size is written as a varint, and a list can claim a length that it has not.
"""

STOP, TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, SET, MAP, STRUCT = range(13)


class List:
    def __init__(self, kind, items, claimed=None):
        self.kind = kind
        self.items = items
        self.claimed = claimed


class Raw(bytes):
    """A value whose bytes are written as they are, whatever its type."""


def read_struct(data, at=0):
    """The structure at `at`, and where it ends."""
    fields, number = {}, 0
    while True:
        head = data[at]
        at += 1
        if head == STOP:
            return fields, at
        kind, delta = head & 15, head >> 4
        if delta:
            number += delta
        else:
            number, at = read_int(data, at)
        value, at = read_value(kind, data, at)
        fields[number] = (kind, value)


def read_value(kind, data, at):
    if kind in (TRUE, FALSE):
        return kind == TRUE, at
    if kind == BYTE:
        return data[at], at + 1
    if kind in (I16, I32, I64):
        return read_int(data, at)
    if kind == DOUBLE:
        return data[at : at + 8], at + 8
    if kind == BINARY:
        length, at = read_varint(data, at)
        return bytes(data[at : at + length]), at + length
    if kind in (LIST, SET):
        return read_list(data, at)
    if kind == STRUCT:
        return read_struct(data, at)
    raise ValueError(f"type {kind} at {at}")


def read_list(data, at):
    head = data[at]
    at += 1
    kind, count = head & 15, head >> 4
    if count == 15:
        count, at = read_varint(data, at)
    items = []
    for _ in range(count):
        if kind in (TRUE, FALSE):
            item, at = data[at] == TRUE, at + 1
        else:
            item, at = read_value(kind, data, at)
        items.append(item)
    return List(kind, items), at


def read_varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at


def read_int(data, at):
    value, at = read_varint(data, at)
    return (value >> 1) ^ -(value & 1), at


def write_struct(fields):
    out, last = bytearray(), 0
    for number in sorted(fields):
        kind, value = fields[number]
        if kind in (TRUE, FALSE):
            kind = TRUE if value else FALSE
        delta = number - last
        last = number
        out += bytes([delta << 4 | kind]) if 0 < delta < 16 else bytes([kind]) + write_int(number)
        out += write_value(kind, value)
    return bytes(out) + bytes([STOP])


def write_value(kind, value):
    if isinstance(value, Raw):
        return bytes(value)
    if kind in (TRUE, FALSE):
        return b""
    if kind == BYTE:
        return bytes([value])
    if kind in (I16, I32, I64):
        return write_int(value)
    if kind == DOUBLE:
        return value
    if kind == BINARY:
        return write_varint(len(value)) + value
    if kind in (LIST, SET):
        return write_list(value)
    return write_struct(value)


def write_list(value):
    count = len(value.items) if value.claimed is None else value.claimed
    head = bytes([count << 4 | value.kind]) if 0 <= count < 15 else bytes([0xF0 | value.kind]) + write_varint(count)
    plain = value.kind in (TRUE, FALSE)
    items = (bytes([TRUE if item else FALSE]) if plain else write_value(value.kind, item) for item in value.items)
    return head + b"".join(items)


def write_varint(value):
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes(out) + bytes([value])


def write_int(value):
    return write_varint(value * 2 if value >= 0 else -value * 2 - 1)
