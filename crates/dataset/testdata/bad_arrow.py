"""Arrow IPC streams and files that no reader may trust: cut, with bytes changed, with lengths and places that lie."""

import io
import struct

import pyarrow as pa
import pyarrow.ipc

import tables

HUGE = 2**62

# Slots of the tables of the format: Message, RecordBatch, DictionaryBatch, Schema, Field, Footer.
HEADER_TYPE, HEADER, BODY_LENGTH = 1, 2, 3
BATCH_LENGTH, NODES, BUFFERS = 0, 1, 2
DICTIONARY_ID = 0
FIELDS = 1
RECORD_BATCHES = 3
NODE_SIZE, BUFFER_SIZE, BLOCK_SIZE = 16, 16, 24


class Flat:
    """A flatbuffer inside of a bytearray: finds the places of what it holds."""

    def __init__(self, data, start):
        self.data = data
        self.root = self.follow(start)

    def number(self, code, at):
        return struct.unpack_from("<" + code, self.data, at)[0]

    def follow(self, at):
        return at + self.number("I", at)

    def field(self, table, slot):
        """Where the value of a slot stands."""
        vtable = table - self.number("i", table)
        offset = self.number("H", vtable + 4 + 2 * slot) if 4 + 2 * slot < self.number("H", vtable) else 0
        if not offset:
            raise KeyError(f"slot {slot} is not set")
        return table + offset

    def child(self, table, slot):
        return self.follow(self.field(table, slot))


def messages(data, start=0):
    """Where the length of each message's metadata stands, and its flatbuffer and its body begin."""
    at = start
    while at + 8 <= len(data):
        marker, length = struct.unpack_from("<Ii", data, at)
        if marker != 0xFFFFFFFF or length == 0:
            return
        flat = Flat(data, at + 8)
        body = at + 8 + length
        try:
            body_length = flat.number("q", flat.field(flat.root, BODY_LENGTH))
        except KeyError:
            body_length = 0
        yield at + 4, flat, body
        at = body + body_length


def source(compression=None, dictionary=False):
    table = tables.plain(8)
    if dictionary:
        table = pa.table({"word": pa.array(["sack", "mill", None, "river"] * 2).dictionary_encode()})
    return table.combine_chunks().to_batches(max_chunksize=4), pa.ipc.IpcWriteOptions(compression=compression)


def stream(**options):
    batches, written = source(**options)
    out = io.BytesIO()
    with pa.ipc.new_stream(out, batches[0].schema, options=written) as writer:
        for batch in batches:
            writer.write_batch(batch)
    return bytearray(out.getvalue())


def file(**options):
    batches, written = source(**options)
    out = io.BytesIO()
    with pa.ipc.new_file(out, batches[0].schema, options=written) as writer:
        for batch in batches:
            writer.write_batch(batch)
    return bytearray(out.getvalue())


def put(data, code, at, value):
    struct.pack_into("<" + code, data, at, value)


def write(folder):
    for name, data in [*streams(), *bodies(), *dictionaries()]:
        (folder / f"{name}.arrows").write_bytes(bytes(data))
    for name, data in arrow_files():
        (folder / f"{name}.arrow").write_bytes(bytes(data))


def streams():
    data = stream()
    (_, _, _), (first, _, body), (second, _, _) = messages(data)
    yield "cut_in_schema", data[:100]
    yield "cut_in_length", data[: first + 2]
    yield "cut_in_metadata", data[: first + 60]
    yield "cut_in_body", data[: body + 40]
    yield "cut_in_second_message", data[: second + 30]
    yield "empty", b""
    yield "zeros", bytes(64)
    for name, length in (("max", 2**31 - 1), ("negative", -8), ("short", 8), ("long", 4_000)):
        changed = stream()
        put(changed, "i", first, length)
        yield f"metadata_length_{name}", changed
    for place in (12, 40, 90, first + 8, first + 30, first + 70, first + 120, body + 90):
        changed = stream()
        changed[place] ^= 0xFF
        yield f"flipped_{place:04}", changed
    yield "without_schema", data[first - 4 :]
    yield "two_schemas", data[: first - 4] + data


def batch_lie(change, **options):
    """A stream whose first record batch is changed by `change(data, message, batch, body)`."""
    data = stream(**options)
    for _, flat, body in messages(data):
        if data[flat.field(flat.root, HEADER_TYPE)] == 3:
            change(data, flat, flat.child(flat.root, HEADER), body)
            return data
    raise ValueError("no record batch")


def bodies():
    def body_length(value):
        return batch_lie(lambda data, flat, batch, body: put(data, "q", flat.field(flat.root, BODY_LENGTH), value))

    def rows(value):
        return batch_lie(lambda data, flat, batch, body: put(data, "q", flat.field(batch, BATCH_LENGTH), value))

    def vector(slot, size, index, half, value, **options):
        def change(data, flat, batch, body):
            put(data, "q", flat.child(batch, slot) + 4 + size * index + 8 * half, value)

        return batch_lie(change, **options)

    for name, value in (("huge", HUGE), ("negative", -64), ("zero", 0), ("short", 64), ("2_gb", 2**31)):
        yield f"body_length_{name}", body_length(value)
    for name, value in (("huge", HUGE), ("negative", -1), ("more", 5)):
        yield f"batch_rows_{name}", rows(value)
    for name, value in (("huge", HUGE), ("negative", -1), ("more", 1_000)):
        yield f"node_rows_{name}", vector(NODES, NODE_SIZE, 1, 0, value)
        yield f"node_nulls_{name}", vector(NODES, NODE_SIZE, 1, 1, value)
        yield f"buffer_offset_{name}", vector(BUFFERS, BUFFER_SIZE, 4, 0, value)
        yield f"buffer_length_{name}", vector(BUFFERS, BUFFER_SIZE, 4, 1, value)
    yield "buffer_length_zero", vector(BUFFERS, BUFFER_SIZE, 3, 1, 0)
    yield "nodes_claimed_huge", claimed(NODES)
    yield "buffers_claimed_huge", claimed(BUFFERS)
    yield "offsets_falling", in_buffer(3, lambda data, at: put(data, "i", at + 8, 1))
    yield "offsets_negative", in_buffer(3, lambda data, at: put(data, "i", at, -5))
    yield "offsets_past_end", in_buffer(3, lambda data, at: put(data, "i", at + 16, 2**31 - 1))
    yield "text_not_utf8", in_buffer(4, lambda data, at: data.__setitem__(slice(at, at + 2), b"\xff\xfe"))
    for codec in ("lz4", "zstd"):
        for name, value in (("huge", HUGE), ("negative", -2), ("8_gb", 2**33), ("short", 1)):
            yield f"{codec}_length_{name}", in_buffer(4, lambda data, at: put(data, "q", at, value), compression=codec)
        yield f"{codec}_damaged", in_buffer(4, lambda data, at: put(data, "q", at + 14, -1), compression=codec)


def claimed(slot):
    """A vector that claims more items than the message has bytes."""
    return batch_lie(lambda data, flat, batch, body: put(data, "I", flat.child(batch, slot), 2**32 - 1))


def in_buffer(index, change, **options):
    def find(data, flat, batch, body):
        change(data, body + flat.number("q", flat.child(batch, BUFFERS) + 4 + BUFFER_SIZE * index))

    return batch_lie(find, **options)


def dictionaries():
    data = stream(dictionary=True)
    (_, _, _), (first, flat, _), (second, _, _), *_ = messages(data)
    yield "dictionary_missing", data[: first - 4] + data[second - 4 :]
    yield "dictionary_twice", data[: second - 4] + data[first - 4 :]
    unknown = stream(dictionary=True)
    try:
        put(unknown, "q", flat.field(flat.child(flat.root, HEADER), DICTIONARY_ID), 77)
    except KeyError:
        unknown = None
    if unknown:
        yield "dictionary_unknown", unknown
    yield "dictionary_index_outside", in_buffer(1, lambda data, at: put(data, "i", at, 99), dictionary=True)
    yield "dictionary_index_negative", in_buffer(1, lambda data, at: put(data, "i", at, -1), dictionary=True)


def arrow_files():
    data = file()
    length = struct.unpack_from("<i", data, len(data) - 10)[0]
    for name, end in (("start", 6), ("magic_twice", None), ("half", len(data) // 2), ("last_byte", -1), ("footer", -60)):
        yield f"cut_{name}", b"ARROW1\0\0ARROW1" if end is None else data[:end]
    for name, value in (("max", 2**31 - 1), ("negative", -1), ("zero", 0), ("long", len(data)), ("short", length - 16)):
        changed = file()
        put(changed, "i", len(data) - 10, value)
        yield f"footer_length_{name}", changed
    blocks = len(data) - 10 - length
    for name, part, code, value in (
        ("offset_outside", 0, "q", 10**6),
        ("offset_huge", 0, "q", HUGE),
        ("offset_negative", 0, "q", -8),
        ("offset_wrong", 0, "q", 16),
        ("metadata_max", 8, "i", 2**31 - 1),
        ("metadata_negative", 8, "i", -8),
        ("metadata_short", 8, "i", 16),
        ("body_huge", 16, "q", HUGE),
        ("body_negative", 16, "q", -8),
        ("body_past_end", 16, "q", 100_000),
    ):
        changed = file()
        footer = Flat(changed, blocks)
        put(changed, code, footer.child(footer.root, RECORD_BATCHES) + 4 + part, value)
        yield f"block_{name}", changed
    changed = file()
    footer = Flat(changed, blocks)
    put(changed, "I", footer.child(footer.root, RECORD_BATCHES), 2**28)
    yield "blocks_claimed_huge", changed
    for step in range(5):
        changed = file()
        changed[blocks + 4 + length * step // 5] ^= 0xFF
        yield f"flipped_footer_{step}", changed
    yield "magic_end", data[:-1] + b"2"
    yield "is_text", b'{"text": "JSON lines under a false name"}\n'
    yield "feather_1", b"FEA1" + bytes(60) + b"FEA1"
