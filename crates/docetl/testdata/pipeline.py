"""The pipeline whose intermediate files are kept here: two steps, and no operation that calls a model.

The configuration holds its code and its dataset as text, so that DocETL's hashes of the operations are the same in every
run. `numbers` is a second pipeline, of records that do not survive careless conversion.
"""

REVIEWS = [
    ("r01", "The kettle boils fast. The lid squeaks a little, but it never leaked.", 4, "kitchen", ["fast", "lid"]),
    ("r02", "Zu laut! Nach zwei Wochen kaputt – Ersatz kam aber prompt.", 2, "kitchen", ["laut", "Ersatz"]),
    ("r03", "Great torch. Battery lasted the whole night in the rain.", 5, "outdoor", ["battery"]),
    ("r04", "meh", None, "outdoor", []),
    ("r05", "写真と色が違います。返品しました。", 1, "home", ["色", "返品"]),
    ("r06", "The lamp is warm and bright.\nIt flickers at the lowest setting.\tStill fine.", 3, "home", ["warm", "flicker"]),
    ("r07", 'They call it "unbreakable". C:\\temp\\photo.png shows the crack.', 1, "outdoor", ["crack"]),
    ("r08", "👍🏽 Perfekt für Camping! L’objet est léger.", 5, "outdoor", ["léger", "👍🏽"]),
    ("r09", "{\"note\": \"a text that looks like JSON\"}", 3, "home", ["odd"]),
    ("r10", "Kettle again: bought a second one for the office. Boils fast there too.", 5, "kitchen", ["fast"]),
    ("r11", "", 2, "home", []),
    ("r12", "Arrived late, 2023-11-05, in a torn box. Works.", 3, "kitchen", ["late"]),
]


def reviews():
    rows = []
    for number, (name, text, stars, shop, tags) in enumerate(REVIEWS):
        row = {"id": name, "text": text, "stars": stars, "shop": shop, "tags": tags}
        # Some records have a field that others lack, which is something else than null.
        if number % 3 == 0:
            row["seller"] = {"name": f"seller {number}", "rating": number / 8, "verified": number % 2 == 0}
        if number == 4:
            row["seller"] = None
        rows.append(row)
    return rows


MEASURE = """
def transform(doc):
    sentences = [part.strip() for part in doc["text"].replace("!", ".").split(".") if part.strip()]
    words = doc["text"].split()
    return {
        "sentences": sentences,
        "length": {"characters": len(doc["text"]), "words": len(words), "mean": len(doc["text"]) / max(1, len(words))},
        "is_ascii": doc["text"].isascii(),
    }
"""

NOT_EMPTY = """
def transform(doc):
    return bool(doc["text"])
"""

NUMBER_SENTENCES = """
def transform(doc):
    return {"chunks": [{"at": at, "sentence": sentence} for at, sentence in enumerate(doc["sentences"])]}
"""

PLACE = """
def transform(doc):
    return {"at": doc["chunks"]["at"], "sentence": doc["chunks"]["sentence"]}
"""

BY_SHOP = """
def transform(items):
    stars = [item["stars"] for item in items if item["stars"] is not None]
    return {
        "shop": items[0]["shop"],
        "reviews": sorted({item["id"] for item in items}),
        "mean_stars": sum(stars) / len(stars) if stars else None,
        "tags": {tag: sum(tag in item["tags"] for item in items) for item in items for tag in item["tags"]},
    }
"""

OPERATIONS = [
    {"name": "measure", "type": "code_map", "code": MEASURE},
    {"name": "not_empty", "type": "code_filter", "code": NOT_EMPTY},
    {"name": "without_ascii", "type": "map", "drop_keys": ["is_ascii"]},
    # Changes nothing, so its checkpoint is equal to the one before.
    {"name": "all_of_them", "type": "code_filter", "code": NOT_EMPTY},
    {"name": "number_sentences", "type": "code_map", "code": NUMBER_SENTENCES},
    {"name": "unnest_chunks", "type": "unnest", "unnest_key": "chunks"},
    {"name": "place", "type": "code_map", "code": PLACE},
    {
        "name": "context",
        "type": "gather",
        "content_key": "sentence",
        "doc_id_key": "id",
        "order_key": "at",
        "peripheral_chunks": {"previous": {"tail": {"count": 1}}},
    },
    {"name": "by_shop", "type": "code_reduce", "reduce_key": "shop", "code": BY_SHOP},
    {"name": "nothing", "type": "code_filter", "code": "\ndef transform(doc):\n    return False\n"},
]

STEPS = [
    {"name": "prepare", "input": "reviews", "operations": ["measure", "not_empty", "without_ascii", "all_of_them"]},
    {"name": "chunks", "input": "prepare", "operations": ["number_sentences", "unnest_chunks", "place", "context"]},
    {"name": "summary of shops", "input": "chunks", "operations": ["by_shop", "nothing"]},
]

NUMBERS = [
    {"id": 0, "big": 9007199254740993, "float": 0.1, "any": 1, "late": None},
    {"id": 1, "big": -9223372036854775808, "float": 1e22, "any": "1", "late": "2024-01-31"},
    {"id": 2, "big": 18446744073709551615, "float": 5e-324, "any": [1, "1", None, {}], "object": {}},
    {"id": 3, "big": 123456789012345678901234567890, "float": 100.0, "any": {"b": 1, "a": [[]]}, "object": {"x": None}},
    {"big": 0, "id": 4, "float": float("nan"), "any": None, "empty": []},
    {"id": 5, "float": float("inf"), "any": True, "text": "\u2028 \x00 \x7f \ud800 \U0001f600"},
    {"id": 6, "float": -0.0, "any": "{\"a\": 1}", "": "no name", "object": {"é": 1.0, "": {"": []}}},
    {},
]

KEEP = """
def transform(doc):
    return {}
"""


def config(folder):
    """DocETL's configuration of the reviews, with its intermediate files in a folder."""
    return {
        "default_model": "none",
        "datasets": {"reviews": {"type": "memory", "path": reviews()}},
        "operations": OPERATIONS,
        "pipeline": {
            "steps": STEPS,
            "output": {"type": "file", "path": f"{folder}/../output.json", "intermediate_dir": str(folder)},
        },
    }


def numbers(folder):
    """The same of records that do not survive careless conversion."""
    return {
        "default_model": "none",
        "datasets": {"numbers": {"type": "memory", "path": NUMBERS}},
        "operations": [{"name": "keep", "type": "code_map", "code": KEEP}],
        "pipeline": {
            "steps": [{"name": "step", "input": "numbers", "operations": ["keep"]}],
            "output": {"type": "file", "path": f"{folder}/../output.json", "intermediate_dir": str(folder)},
        },
    }
