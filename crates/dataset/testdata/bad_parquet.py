"""Parquet files that no reader may trust: cut, with bytes changed, with lengths and counts that lie."""

import io
import struct
import zlib

import pyarrow as pa
import pyarrow.parquet as pq

import tables
import thrift
from thrift import List, Raw

I32_MAX = 2**31 - 1
HUGE = 2**62

# Field numbers of the Parquet format.
SCHEMA, NUM_ROWS, ROW_GROUPS, KEY_VALUES = 2, 3, 4, 5
COLUMNS, TOTAL_BYTES, GROUP_ROWS = 1, 2, 3
CHUNK_META = 3
ENCODINGS, PATH, CODEC, NUM_VALUES, UNCOMPRESSED, COMPRESSED, DATA_OFFSET, DICTIONARY_OFFSET = 2, 3, 4, 5, 6, 7, 9, 11
PAGE_TYPE, PAGE_UNCOMPRESSED, PAGE_COMPRESSED, DATA_PAGE, DICTIONARY_PAGE = 1, 2, 3, 5, 7


class File:
    """A Parquet file taken apart: the bytes before the footer, and the footer as a structure."""

    def __init__(self, data):
        length = struct.unpack("<I", data[-8:-4])[0]
        self.body = data[: -8 - length]
        self.footer, _ = thrift.read_struct(data[-8 - length : -8])

    def set(self, fields, number, value):
        fields[number] = (fields[number][0], value)

    def group(self, index=0):
        return self.footer[ROW_GROUPS][1].items[index]

    def chunk(self, column=0, group=0):
        return self.group(group)[COLUMNS][1].items[column][CHUNK_META][1]

    def schema(self, index):
        return self.footer[SCHEMA][1].items[index]

    def page(self, column=0):
        """The first page header of a column: the structure, where it begins and where it ends."""
        chunk = self.chunk(column)
        at = chunk.get(DICTIONARY_OFFSET, chunk[DATA_OFFSET])[1]
        header, end = thrift.read_struct(self.body, at)
        return header, at, end

    def replace_page(self, column, change):
        """Changes the first page header of the only column, and what the footer says of places behind it."""
        header, at, end = self.page(column)
        change(header)
        changed = thrift.write_struct(header)
        self.body = self.body[:at] + changed + self.body[end:]
        chunk, longer = self.chunk(column), len(changed) - (end - at)
        self.set(chunk, COMPRESSED, chunk[COMPRESSED][1] + longer)
        if DICTIONARY_OFFSET in chunk:
            self.set(chunk, DATA_OFFSET, chunk[DATA_OFFSET][1] + longer)

    def bytes(self):
        footer = thrift.write_struct(self.footer)
        return self.body + footer + struct.pack("<I", len(footer)) + b"PAR1"


def written(table, **options):
    out = io.BytesIO()
    pq.write_table(table, out, **{"write_statistics": False, "store_schema": False, **options})
    return out.getvalue()


def plain_file():
    return written(tables.plain(8), compression="none", use_dictionary=False)


def text_column(**options):
    """One column of required texts in one plain, uncompressed page: its page is the last before the footer."""
    schema = pa.schema([pa.field("text", pa.string(), nullable=False)])
    table = pa.table({"text": pa.array(["sack", "mill", "river"] * 4)}, schema)
    return File(written(table, **{"compression": "none", "use_dictionary": False, **options}))


def write(folder):
    for name, data in files():
        (folder / f"{name}.parquet").write_bytes(data)


def files():
    yield from cut()
    yield from ends()
    yield from flipped()
    yield from footer_lies()
    yield from schema_lies()
    yield from page_header_lies()
    yield from page_body_lies()
    yield from others()


def cut():
    data = plain_file()
    for name, length in (("empty", 0), ("magic_only", 4), ("magic_twice", None), ("half", len(data) // 2), ("last_byte", -1), ("footer_length", -8)):
        yield f"cut_{name}", b"PAR1PAR1" if length is None else data[:length]
    yield "cut_start", data[100:]
    yield "cut_middle", data[:200] + data[300:]


def ends():
    data = plain_file()
    body = data[:-8]
    for name, length in (("max", 2**32 - 1), ("negative", 2**31), ("zero", 0), ("past_start", len(data) - 7), ("whole_file", len(data) - 8)):
        yield f"footer_length_{name}", body + struct.pack("<I", length) + b"PAR1"
    yield "magic_end", data[:-4] + b"PAR2"
    yield "magic_encrypted", data[:-4] + b"PARE"


def flipped():
    """One byte changed, at many places of the footer, of the first page header and of the pages."""
    data = plain_file()
    length = struct.unpack("<I", data[-8:-4])[0]
    start = len(data) - 8 - length
    places = [start + length * step // 8 for step in range(8)] + [4, 6, 9, 30, 250]
    for place in places:
        changed = bytearray(data)
        changed[place] ^= 0xFF
        yield f"flipped_{place:04}", bytes(changed)


def footer_lies():
    def lie(change):
        file = File(plain_file())
        change(file)
        return file.bytes()

    yield "rows_huge", lie(lambda file: file.set(file.footer, NUM_ROWS, HUGE))
    yield "rows_negative", lie(lambda file: file.set(file.footer, NUM_ROWS, -1))
    yield "group_rows_huge", lie(lambda file: (file.set(file.group(), GROUP_ROWS, HUGE), file.set(file.footer, NUM_ROWS, HUGE)))
    yield "group_rows_negative", lie(lambda file: file.set(file.group(), GROUP_ROWS, -8))
    yield "group_rows_more", lie(lambda file: (file.set(file.group(), GROUP_ROWS, 10), file.set(file.footer, NUM_ROWS, 10)))
    yield "group_rows_fewer", lie(lambda file: (file.set(file.group(), GROUP_ROWS, 5), file.set(file.footer, NUM_ROWS, 5)))
    yield "group_rows_not_the_sum", lie(lambda file: file.set(file.footer, NUM_ROWS, 9))
    yield "groups_without_columns", lie(lambda file: file.set(file.group(), COLUMNS, List(thrift.STRUCT, [])))
    yield "groups_claimed_huge", lie(lambda file: file.set(file.footer, ROW_GROUPS, List(thrift.STRUCT, [], I32_MAX)))
    yield "columns_claimed_huge", lie(lambda file: file.set(file.group(), COLUMNS, List(thrift.STRUCT, [], 2**32 - 1)))
    yield "encodings_claimed_huge", lie(lambda file: file.set(file.chunk(), ENCODINGS, List(thrift.I32, [], I32_MAX)))
    yield "path_claimed_huge", lie(lambda file: file.set(file.chunk(), PATH, List(thrift.BINARY, [], I32_MAX)))
    yield "text_claimed_huge", lie(lambda file: file.set(file.schema(1), 4, Raw(thrift.write_varint(2**32 - 1) + b"id")))
    yield "chunk_outside", lie(lambda file: file.set(file.chunk(), DATA_OFFSET, 10**6))
    yield "chunk_offset_huge", lie(lambda file: file.set(file.chunk(), DATA_OFFSET, HUGE))
    yield "chunk_offset_negative", lie(lambda file: file.set(file.chunk(), DATA_OFFSET, -100))
    yield "chunk_in_footer", lie(lambda file: file.set(file.chunk(), DATA_OFFSET, len(file.body) + 10))
    yield "chunk_size_huge", lie(lambda file: file.set(file.chunk(), COMPRESSED, HUGE))
    yield "chunk_size_negative", lie(lambda file: file.set(file.chunk(), COMPRESSED, -1))
    yield "chunk_size_zero", lie(lambda file: file.set(file.chunk(), COMPRESSED, 0))
    yield "chunk_values_huge", lie(lambda file: file.set(file.chunk(), NUM_VALUES, HUGE))
    yield "chunk_values_negative", lie(lambda file: file.set(file.chunk(), NUM_VALUES, -8))
    yield "chunk_codec_unknown", lie(lambda file: file.set(file.chunk(), CODEC, 99))
    yield "chunk_codec_wrong", lie(lambda file: file.set(file.chunk(), CODEC, 6))
    yield "dictionary_outside", lie(lambda file: file.chunk().update({DICTIONARY_OFFSET: (thrift.I64, 10**6)}))
    yield "chunks_of_another_column", lie(lambda file: file.group()[COLUMNS][1].items.reverse())
    yield "group_bytes_negative", lie(lambda file: file.set(file.group(), TOTAL_BYTES, -1))


def schema_lies():
    def lie(change):
        file = File(plain_file())
        change(file)
        return file.bytes()

    def element(name, children):
        return {3: (thrift.I32, 0), 4: (thrift.BINARY, name), 5: (thrift.I32, children)}

    def nest(file):
        items = file.footer[SCHEMA][1].items
        items[1:1] = [element(b"n", 1) for _ in range(1000)]

    yield "schema_children_huge", lie(lambda file: file.set(file.schema(0), 5, I32_MAX))
    yield "schema_children_negative", lie(lambda file: file.set(file.schema(0), 5, -1))
    yield "schema_children_missing", lie(lambda file: file.set(file.schema(0), 5, 4))
    yield "schema_empty", lie(lambda file: file.set(file.footer, SCHEMA, List(thrift.STRUCT, [])))
    yield "schema_claimed_huge", lie(lambda file: file.set(file.footer, SCHEMA, List(thrift.STRUCT, [], I32_MAX)))
    yield "schema_1000_deep", lie(nest)
    yield "schema_type_unknown", lie(lambda file: file.set(file.schema(1), 1, 77))
    yield "schema_type_wrong", lie(lambda file: file.set(file.schema(1), 1, 6))
    yield "schema_fixed_length_huge", lie(lambda file: file.schema(1).update({1: (thrift.I32, 7), 2: (thrift.I32, I32_MAX)}))
    yield "schema_fixed_length_negative", lie(lambda file: file.schema(1).update({1: (thrift.I32, 7), 2: (thrift.I32, -1)}))
    decimal = {6: (thrift.I32, 5), 7: (thrift.I32, 5), 8: (thrift.I32, I32_MAX)}
    yield "schema_decimal_precision_huge", lie(lambda file: file.schema(1).update(decimal))
    repeated = pa.table([pa.array([1, 2]), pa.array(["a", "b"])], names=["text", "text"])
    yield "repeated_name", written(repeated, store_schema=True)
    yield "arrow_schema_damaged", arrow_schema(lambda text: text[:40] + b"////////" + text[48:])
    yield "arrow_schema_no_base64", arrow_schema(lambda text: b"*" * len(text))
    yield "arrow_schema_cut", arrow_schema(lambda text: text[: len(text) // 8 * 4])


def arrow_schema(change):
    file = File(written(tables.plain(8), store_schema=True))
    for pair in file.footer[KEY_VALUES][1].items:
        if pair[1][1] == b"ARROW:schema":
            pair[2] = (thrift.BINARY, change(pair[2][1]))
    return file.bytes()


def page_header_lies():
    def lie(change, file=None):
        file = file or text_column()
        file.replace_page(0, change)
        return file.bytes()

    def put(number, value):
        return lambda header: header.update({number: (header[number][0], value)})

    def put_inside(page, number, value):
        return lambda header: header[page][1].update({number: (thrift.I32, value)})

    yield "page_uncompressed_max", lie(put(PAGE_UNCOMPRESSED, I32_MAX))
    yield "page_uncompressed_negative", lie(put(PAGE_UNCOMPRESSED, -1))
    yield "page_uncompressed_zero", lie(put(PAGE_UNCOMPRESSED, 0))
    yield "page_compressed_max", lie(put(PAGE_COMPRESSED, I32_MAX))
    yield "page_compressed_negative", lie(put(PAGE_COMPRESSED, -1))
    yield "page_compressed_zero", lie(put(PAGE_COMPRESSED, 0))
    yield "page_beyond_i32", lie(put(PAGE_COMPRESSED, HUGE))
    yield "page_values_max", lie(put_inside(DATA_PAGE, 1, I32_MAX))
    yield "page_values_negative", lie(put_inside(DATA_PAGE, 1, -1))
    yield "page_type_unknown", lie(put(PAGE_TYPE, 17))
    yield "page_encoding_unknown", lie(put_inside(DATA_PAGE, 2, 55))
    yield "page_encoding_dictionary_without_one", lie(put_inside(DATA_PAGE, 2, 8))
    yield "page_encoding_delta_wrong", lie(put_inside(DATA_PAGE, 2, 6))
    zstd = dict(compression="zstd")
    yield "page_zstd_uncompressed_max", lie(put(PAGE_UNCOMPRESSED, I32_MAX), text_column(**zstd))
    yield "page_snappy_uncompressed_max", lie(put(PAGE_UNCOMPRESSED, I32_MAX), text_column(compression="snappy"))
    words = dict(use_dictionary=True)
    yield "dictionary_values_max", lie(put_inside(DICTIONARY_PAGE, 1, I32_MAX), text_column(**words))
    yield "dictionary_values_negative", lie(put_inside(DICTIONARY_PAGE, 1, -1), text_column(**words))
    yield "dictionary_values_fewer", lie(put_inside(DICTIONARY_PAGE, 1, 1), text_column(**words))


def page_body_lies():
    def lie(change, **options):
        file = text_column(**options)
        _, _, end = file.page(0)
        body = bytearray(file.body)
        change(body, end)
        file.body = bytes(body)
        return file.bytes()

    def put(offset, value):
        def change(body, end):
            body[end + offset : end + offset + len(value)] = value

        return change

    yield "text_length_max", lie(put(0, struct.pack("<I", 2**32 - 1)))
    yield "text_length_negative", lie(put(0, struct.pack("<I", 2**31)))
    yield "text_past_page", lie(put(0, struct.pack("<I", 10_000)))
    yield "text_not_utf8", lie(put(4, b"\xff\xfe"))
    yield "text_half_a_character", lie(put(7, b"\xc3"))
    yield "snappy_length_max", lie(put(0, b"\xff\xff\xff\xff\x0f"), compression="snappy")
    yield "snappy_copy_before_start", lie(put(1, b"\xfe\xff\xff" * 4), compression="snappy")
    yield "zstd_frame_damaged", lie(put(6, b"\xff" * 8), compression="zstd")
    yield "gzip_damaged", lie(put(12, b"\xff" * 8), compression="gzip")
    yield "brotli_damaged", lie(put(2, b"\xff" * 8), compression="brotli")
    yield "lz4_damaged", lie(put(0, b"\xff" * 16), compression="lz4")
    yield "checksum_wrong", lie(put(5, b"X"), write_page_checksum=True)
    yield "dictionary_index_outside", with_indices(b"\x08\x18\x63")
    yield "dictionary_bit_width_255", with_indices(b"\xff\x18\x00")
    yield "dictionary_run_huge", with_indices(b"\x02\xfe\xff\xff\xff\x0f\x00")
    yield "dictionary_runs_cut", with_indices(b"\x02")
    yield "levels_length_max", with_levels(struct.pack("<I", 2**32 - 1))
    yield "levels_length_past_page", with_levels(struct.pack("<I", 5_000))


def with_indices(indices):
    """A file whose texts point into a dictionary of three words by these bytes: bit width and runs."""
    file = text_column(use_dictionary=True)
    _, at, end = file.page(0)
    dictionary, _ = thrift.read_struct(file.body, at)
    start = end + dictionary[PAGE_COMPRESSED][1]
    header, _ = thrift.read_struct(file.body, start)
    for number in (PAGE_UNCOMPRESSED, PAGE_COMPRESSED):
        header[number] = (thrift.I32, len(indices))
    page = thrift.write_struct(header) + indices
    file.body = file.body[:start] + page
    file.set(file.chunk(), COMPRESSED, start - at + len(page))
    return file.bytes()


def with_levels(length):
    """A file whose nullable column claims this many bytes of definition levels."""
    file = File(written(pa.table({"n": pa.array([1, None, 3])}), compression="none", use_dictionary=False))
    _, _, end = file.page(0)
    file.body = file.body[:end] + length + file.body[end + 4 :]
    return file.bytes()


def others():
    yield "gzip_bomb", gzip_bomb()
    yield "repeated_text_bomb", repeated_text_bomb()
    yield "is_text", b'{"text": "JSON lines under a false name"}\n'
    yield "rows_without_columns", rows_without_columns()


def gzip_bomb():
    """A page that decompresses to 4 MB, and says that it holds 100 bytes."""
    file = text_column(compression="gzip")
    header, at, _ = file.page(0)
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    packed = packer.compress(bytes(4 << 20)) + packer.flush()
    header[PAGE_UNCOMPRESSED] = (thrift.I32, 100)
    header[PAGE_COMPRESSED] = (thrift.I32, len(packed))
    page = thrift.write_struct(header) + packed
    file.body = file.body[:at] + page
    file.set(file.chunk(), COMPRESSED, len(page))
    return file.bytes()


def repeated_text_bomb():
    """A valid file of a few hundred bytes with 20,000 rows of 20,000 bytes: 400 MB of text."""
    text = pa.DictionaryArray.from_arrays(pa.array([0] * 20_000, pa.int32()), pa.array(["mill " * 4_000]))
    return written(pa.table({"text": text}), compression="zstd")


def rows_without_columns():
    """No column, but a thousand million rows: valid, if strange."""
    file = File(written(pa.table({"a": [1]}).select([])))
    file.set(file.group(), GROUP_ROWS, 10**9)
    file.set(file.footer, NUM_ROWS, 10**9)
    return file.bytes()
