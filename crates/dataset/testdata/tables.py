"""The tables that the test files hold. All text is made up for this purpose."""

import decimal

import pyarrow as pa

ROWS = 24
INF = float("inf")
NAN = float("nan")


def every_type():
    """Every type that Parquet and Arrow IPC share, with nulls in every column."""
    columns = integers() | floats() | decimals() | bytes_and_texts() | times() | nested()
    return pa.table(columns)


def spread(values, kind, shift=0):
    """`ROWS` values: these again and again, a null behind each round of them, begun at another place for each column."""
    round_of = [*values, None]
    return pa.array([round_of[(row + shift) % len(round_of)] for row in range(ROWS)], kind)


def integers():
    columns = {}
    for shift, bits in enumerate((8, 16, 32, 64)):
        top = 2 ** (bits - 1)
        signed = [0, 1, -1, top - 1, -top, 42]
        unsigned = [0, 1, 2 * top - 1, top, 42]
        columns[f"i{bits}"] = spread(signed, getattr(pa, f"int{bits}")(), shift)
        columns[f"u{bits}"] = spread(unsigned, getattr(pa, f"uint{bits}")(), shift)
    columns["flag"] = spread([True, False, True], pa.bool_())
    columns["nothing"] = pa.nulls(ROWS)
    return columns


def floats():
    """Only numbers whose shortest digits every language spells in the same way."""
    return {
        "f16": spread([0.0, -0.0, 1.5, 0.1, -2048.0, NAN, INF, -INF], pa.float16(), 1),
        "f32": spread([0.0, -0.0, 0.1, 16777216.0, -123.456, NAN, INF, -INF], pa.float32(), 2),
        "f64": spread([0.0, -0.0, 0.1, 9007199254740993.0, -1234.5678901234567, NAN, INF, -INF], pa.float64(), 3),
    }


def decimals():
    def numbers(*texts):
        return [decimal.Decimal(number) for number in texts]

    wide = "1234567890123456789012345678901234567890123456789012345678901234567890.123456"
    return {
        "dec_9_2": spread(numbers("0.00", "12.30", "-0.05", "9999999.99"), pa.decimal128(9, 2)),
        "dec_18_0": spread(numbers("0", "-1", "999999999999999999"), pa.decimal128(18, 0), 1),
        "dec_38_10": spread(numbers("0.0000000001", "-9999999999999999999999999999.9999999999"), pa.decimal128(38, 10)),
        "dec_76_6": spread(numbers(wide, "-1.500000", "0.000000"), pa.decimal256(76, 6), 2),
    }


def bytes_and_texts():
    texts = ["plain", "", 'quote " and \\', "tab\tline\nreturn\r", "\u0001\u001f\u007f\u2028", "Grüße", "日本語", "😀 e\u0301"]
    blobs = [b"", b"\x00", b"\xff\xfe", bytes(range(256)), b"abc"]
    kinds = ["web", "book", "code"]
    json_texts = ['{"a": [1, 2.50, "x"], "b": null}', "[]", '{\n  "c": "d e"\r\n}', '"text"', "-0.10e2", "true"]
    return {
        "text": spread(texts, pa.string()),
        "large_text": spread(texts, pa.large_string(), 3),
        "kind": spread(kinds, pa.string()).dictionary_encode(),
        "blob": spread(blobs, pa.binary()),
        "large_blob": spread(blobs, pa.large_binary(), 2),
        "fixed_blob": spread([b"\x00\x01\x02\x03", b"\xff\xff\xff\xff"], pa.binary(4)),
        "uuid": pa.ExtensionArray.from_storage(pa.uuid(), spread([bytes(range(16)), bytes(16)], pa.binary(16))),
        "json": pa.ExtensionArray.from_storage(pa.json_(), spread(json_texts, pa.string())),
    }


def times():
    days = [0, 1, -1, 19_753, 11_016, -719_162, 2_932_896]
    columns = {
        "day": spread(days, pa.int32()).cast(pa.date32()),
        "day64": spread([day * 86_400_000 for day in days], pa.int64(), 2).cast(pa.date64()),
        "at_ms": spread([0, 1, 86_399_999, 45_296_001], pa.int32()).cast(pa.time32("ms")),
        "at_us": spread([0, 1, 86_399_999_999, 45_296_000_001], pa.int64(), 1).cast(pa.time64("us")),
        "at_ns": spread([0, 1, 86_399_999_999_999, 45_296_000_000_001], pa.int64(), 2).cast(pa.time64("ns")),
        "took_us": spread([0, -1, 1_500_000], pa.int64()).cast(pa.duration("us")),
    }
    for shift, (unit, second) in enumerate((("ms", 10**3), ("us", 10**6), ("ns", 10**9))):
        values = [0, 1, -1, 1_706_704_496 * second + 1, -2_208_988_800 * second]
        for zone in (None, "UTC", "Europe/Berlin"):
            name = f"instant_{unit}" + (f"_{zone.split('/')[-1].lower()}" if zone else "")
            columns[name] = spread(values, pa.int64(), shift).cast(pa.timestamp(unit, zone))
    return columns


def nested():
    pair = pa.struct([("x", pa.int32()), ("y", pa.string())])
    deep = pa.struct([("name", pa.string()), ("inner", pa.struct([("tags", pa.list_(pa.string())), ("score", pa.float64())]))])
    return {
        "list_int": spread([[], [1], [1, None, 3], [2**40] * 5], pa.list_(pa.int64())),
        "list_list": spread([[], [[]], [["a", None], None, ["b"]]], pa.list_(pa.list_(pa.string())), 1),
        "large_list": spread([[1.5], [], [NAN, None]], pa.large_list(pa.float32())),
        "fixed_list": spread([[1, 2], [3, None]], pa.list_(pa.int16(), 2)),
        "pair": spread([{"x": 1, "y": "a"}, {"x": None, "y": None}, {"x": 3, "y": ""}], pair),
        "pairs": spread([[], [{"x": 1, "y": "a"}, None], [{"x": None, "y": "b"}]], pa.list_(pair), 2),
        "deep": spread(
            [
                {"name": "n", "inner": {"tags": ["a", "b"], "score": 0.5}},
                {"name": None, "inner": None},
                {"name": "m", "inner": {"tags": None, "score": None}},
                {"name": "o", "inner": {"tags": [], "score": -1.0}},
            ],
            deep,
        ),
        "counts": spread([[], [("a", 1)], [("b", None), ("a", 2)], [("a", 1), ("a", 2)]], pa.map_(pa.string(), pa.int32())),
        "by_number": spread([[(1, "a")], [], [(2, "b"), (3, None)]], pa.map_(pa.int32(), pa.string()), 1),
        "list_of_maps": spread([[[("k", ["v"])], []], []], pa.list_(pa.map_(pa.string(), pa.list_(pa.string())))),
    }


TEXTS = [
    ("en", "The mill stands where the river bends. Visit https://example.org/mill or write to miller@example.org."),
    ("de", "Die Mühle steht dort, wo der Fluss sich krümmt.\n\nSonntags ist sie geöffnet – außer im Winter."),
    ("fr", "Le moulin se dresse là où la rivière fait un coude ; on y vend du pain « à l'ancienne »."),
    ("es", "¿Quién dejó abierta la puerta del molino?   ¡Nadie lo sabe!"),
    ("pl", "Młyn stoi tam, gdzie rzeka zakręca. Żółty pies śpi na progu."),
    ("ru", "Мельница стоит там, где поворачивает река. По воскресеньям она открыта."),
    ("el", "Ο μύλος στέκεται εκεί που στρίβει το ποτάμι."),
    ("zh", "磨坊坐落在河流拐弯的地方。星期天开放，冬天除外。"),
    ("ja", "水車小屋は川の曲がり角に立っています。日曜日に開いています。"),
    ("ko", "방앗간은 강이 굽이치는 곳에 서 있습니다."),
    ("ar", "تقع الطاحونة حيث ينحني النهر."),
    ("he", "הטחנה עומדת במקום שבו הנהר מתעקל."),
    ("hi", "चक्की वहाँ खड़ी है जहाँ नदी मुड़ती है।"),
    ("th", "โรงสีตั้งอยู่ตรงที่แม่น้ำโค้ง"),
    ("en", "Price list:\tbread 2.50 €\tflour 1.20 €\r\nAll prices “per kilo”… 🍞🥖"),
    ("und", ""),
    ("en", "go go go go go go go go go go go go !!!!!! ????? ######"),
    ("en", None),
]


def records(count=len(TEXTS)):
    """Records as a text dataset has them."""
    meta = pa.struct([("lang", pa.string()), ("note", pa.struct([("text", pa.string()), ("words", pa.int32())])), ("tags", pa.list_(pa.string()))])
    rows = []
    for number in range(count):
        lang, text = TEXTS[number % len(TEXTS)]
        note = None if number % 5 == 4 else {"text": f"note {number}: {(text or '-')[:12]}", "words": len((text or "").split())}
        tags = None if number % 7 == 6 else [lang, "mill"][: number % 3]
        rows.append({"text": text, "id": f"mill-{number:04}", "meta": {"lang": lang, "note": note, "tags": tags}})
    return pa.Table.from_pylist(rows, pa.schema([("text", pa.string()), ("id", pa.string()), ("meta", meta)]))


def plain(count):
    """A key, a text and a number, for the files about how bytes are laid out."""
    numbers = list(range(count))
    return pa.table(
        {
            "id": pa.array(numbers, pa.int64()),
            "text": pa.array([None if n % 9 == 8 else f"line {n} of the mill's book, {n * n % 97} sacks" for n in numbers]),
            "score": pa.array([None if n % 11 == 3 else n / 8 for n in numbers], pa.float64()),
        }
    )


def required():
    """No field may be null, at any depth."""
    schema = pa.schema(
        [
            pa.field("id", pa.int32(), nullable=False),
            pa.field("text", pa.string(), nullable=False),
            pa.field("tags", pa.list_(pa.field("element", pa.string(), nullable=False)), nullable=False),
            pa.field("meta", pa.struct([pa.field("size", pa.int64(), nullable=False)]), nullable=False),
        ]
    )
    rows = [{"id": n, "text": f"text {n}", "tags": ["a", "b", "c"][: n % 4], "meta": {"size": n * 10}} for n in range(12)]
    return pa.Table.from_pylist(rows, schema)


def field_ids():
    def field(name, kind, number):
        return pa.field(name, kind, metadata={"PARQUET:field_id": str(number)})

    schema = pa.schema([field("id", pa.int64(), 7), field("text", pa.string(), 3), field("meta", pa.struct([field("a", pa.int32(), 12)]), 11)])
    return pa.Table.from_pylist([{"id": n, "text": f"t{n}", "meta": {"a": n}} for n in range(5)], schema)


def huggingface():
    """The schema metadata that the datasets library of Hugging Face writes."""
    features = (
        '{"info": {"features": {"text": {"dtype": "string", "_type": "Value"}, '
        '"label": {"names": ["neg", "pos"], "_type": "ClassLabel"}, '
        '"tokens": {"feature": {"dtype": "string", "_type": "Value"}, "_type": "Sequence"}}}, "fingerprint": "0123456789abcdef"}'
    )
    table = pa.table(
        {
            "text": pa.array([f"a review, number {n}" for n in range(10)]),
            "label": pa.array([n % 2 for n in range(10)], pa.int64()),
            "tokens": pa.array([["a", "review"][: n % 3] for n in range(10)], pa.list_(pa.string())),
        }
    )
    return table.replace_schema_metadata({"huggingface": features})


def extremes():
    """Dates and instants at and beyond the years 1 and 9999, and numbers at the ends of their range."""
    seconds = [-62_135_596_800, 253_402_300_799, -62_135_596_801, 253_402_300_800]
    return pa.table(
        {
            "day": pa.array([-719_162, 2_932_896, -719_163, 2_932_897], pa.int32()).cast(pa.date32()),
            "ms": pa.array([second * 1000 for second in seconds], pa.int64()).cast(pa.timestamp("ms")),
            "us_utc": pa.array([second * 10**6 + 999_999 * (second > 0) for second in seconds], pa.int64()).cast(pa.timestamp("us", "UTC")),
            "ns": pa.array([-(2**63), 2**63 - 1, 0, 999_999_999], pa.int64()).cast(pa.timestamp("ns")),
            "i64": pa.array([-(2**63), 2**63 - 1, 2**53, -(2**53) - 1], pa.int64()),
            "u64": pa.array([2**64 - 1, 2**63, 0, 2**53 + 1], pa.uint64()),
        }
    )


def doubtful_floats():
    """Numbers that languages spell differently (`1e+16`, `1e16`): to be compared as numbers."""
    return pa.table(
        {
            "f16": pa.array([65504.0, 6.1e-05, 5.96e-08, 0.333], pa.float16()),
            "f32": pa.array([3.4028235e38, 1e-45, 1e16, 1.17549435e-38], pa.float32()),
            "f64": pa.array([1.7976931348623157e308, 5e-324, 1e16, 2.2250738585072014e-308], pa.float64()),
        }
    )


def odd_names():
    """Column names that need care."""
    names = ["", "a.b", "a b", 'quote"d', "back\\slash", "line\nbreak", "ключ", "text"]
    columns = [pa.array([f"{name}-{row}" for row in range(3)]) for name in names]
    columns.append(pa.array([{"a.b": n, "": n} for n in range(3)], pa.struct([("a.b", pa.int32()), ("", pa.int32())])))
    return pa.table(columns, names=[*names, "inside"])


def arrow_only():
    """Types that Arrow IPC has and Parquet has not."""
    run_ends = pa.RunEndEncodedArray.from_arrays(pa.array([2, 3, 6], pa.int32()), pa.array(["a", None, "b"]))
    codes = pa.array([0, 1, 0, 1, 1, 0], pa.int8())
    sparse = pa.UnionArray.from_sparse(codes, [pa.array([1, 2, None, 4, 5, 6]), pa.array(list("abcdef"))], ["number", "word"])
    offsets = pa.array([0, 0, 1, 1, 2, 2], pa.int32())
    dense = pa.UnionArray.from_dense(codes, offsets, [pa.array([1, 2, None]), pa.array(["a", None, "c"])], ["number", "word"])
    return pa.table(
        {
            "at_s": pa.array([0, 1, 86_399, None, 45_296, 7], pa.int32()).cast(pa.time32("s")),
            "instant_s": pa.array([0, -1, 1_706_704_496, None, 253_402_300_800, 5], pa.int64()).cast(pa.timestamp("s")),
            "instant_s_fixed": pa.array([0, -1, 1_706_704_496, None, 3, 5], pa.int64()).cast(pa.timestamp("s", "+05:30")),
            "took_s": pa.array([0, -1, 5, None, 1, 2], pa.int64()).cast(pa.duration("s")),
            "took_ns": pa.array([0, -1, 5, None, 1, 2], pa.int64()).cast(pa.duration("ns")),
            "span": pa.array([(1, 2, 3), (0, -1, 10**18), None, (-12, 0, 0), (0, 0, 0), (1, 1, 1)], pa.month_day_nano_interval()),
            "dec_scaled": pa.array([decimal.Decimal("1200"), None, decimal.Decimal("-300"), decimal.Decimal("0"), None, None], pa.decimal128(5, -2)),
            "dec32": pa.array([decimal.Decimal("1.20"), None, decimal.Decimal("-0.03"), None, None, None], pa.decimal32(7, 2)),
            "dec64": pa.array([decimal.Decimal("1.20"), None, decimal.Decimal("-0.03"), None, None, None], pa.decimal64(16, 2)),
            "part_of_day": uneven_date64([0, 86_400_000, 1, None, -1, 45_296_001]),
            "runs": run_ends,
            "sparse": sparse,
            "dense": dense,
        }
    )


def uneven_date64(milliseconds):
    """A date64 column whose values are no whole days, which a cast would refuse."""
    values = pa.array(milliseconds, pa.int64())
    return pa.Array.from_buffers(pa.date64(), len(values), values.buffers())


def views():
    long = "longer than the twelve bytes that a view holds itself"
    texts = ["short", long, None, "", "exactly12byt", long * 3]
    return pa.table(
        {
            "text": pa.array(texts, pa.string_view()),
            "blob": pa.array([value and value.encode() for value in texts], pa.binary_view()),
            "list_view": pa.array([[1], [], None, [2, None], [3, 4, 5], []], pa.list_view(pa.int32())),
            "large_list_view": pa.array([["a"], [], None, ["b", None], ["c"], []], pa.large_list_view(pa.string())),
        }
    )


def word_batches():
    """Three batches of a dictionary column, each with words that the batches before it have not."""
    batches = []
    for start in range(3):
        words = pa.array([f"word {start * 2 + n % 3}" if n % 4 else None for n in range(8)])
        names = ["id", "word"]
        batches.append((names, pa.array(range(start * 8, start * 8 + 8), pa.int64()), words))
    return batches


def growing_dictionary():
    """Batches whose dictionary begins with that of the batch before."""
    known, batches = [], []
    for names, ids, words in word_batches():
        for word in words.to_pylist():
            if word is not None and word not in known:
                known.append(word)
        batches.append(dictionary_batch(names, ids, words, known))
    return batches


def changing_dictionary():
    """Batches each with a dictionary of its own."""
    batches = []
    for names, ids, words in word_batches():
        known = sorted({word for word in words.to_pylist() if word is not None}, reverse=True)
        batches.append(dictionary_batch(names, ids, words, known))
    return batches


def dictionary_batch(names, ids, words, known):
    indices = pa.array([None if word is None else known.index(word) for word in words.to_pylist()], pa.int8())
    column = pa.DictionaryArray.from_arrays(indices, pa.array(known))
    return pa.record_batch([ids, column], names=names)

