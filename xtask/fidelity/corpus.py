"""The records that both programs run over."""

import json
import re

SUFFIXES = (".md", ".txt", ".TXT", ".py")
# In place of a path: every character of Unicode.
CODE_POINTS = "code-points"
LABELS = ("a", "b", "c", "a", "d", "b", "a")


def texts_of(root, data, count, skip):
    """Returns the texts of the given files and folders, or of the repository."""
    if not data:
        return list(dict.fromkeys(repository_texts(root)))[skip : skip + count]
    texts = []
    for path in data:
        if str(path) == CODE_POINTS:
            texts += code_points()
            continue
        files = sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
        for file in files:
            texts += texts_in(file)[skip : skip + count]
    return texts


def repository_texts(root):
    """The texts of all vectors, which were written to be awkward, and the paragraphs of the documentation in turns."""
    vectors = []
    for path in sorted((root / "crates/ops/src").rglob("*.vectors.jsonl")):
        for line in open(path):
            rows = json.loads(line)["input"]
            vectors += [row["text"] for row in rows if isinstance(row.get("text"), str)]
    paragraphs = []
    for path in sorted((root / "docs").glob("*.md")):
        paragraphs += re.split(r"\n\n+", path.read_text())
    for number in range(max(len(vectors), len(paragraphs))):
        yield from vectors[number : number + 1]
        yield from paragraphs[number : number + 1]


def code_points(width=32):
    """Returns texts with every character that Unicode may assign, each alone and between letters."""
    texts = []
    for start in range(0, 0x110000, width):
        # Beyond these planes nothing is assigned, so one block of each plane stands for the rest.
        if start >= 0x34000 and not 0xE0000 <= start < 0xE0200 and start & 0xFFFF:
            continue
        chars = [chr(code) for code in range(start, start + width) if not 0xD800 <= code < 0xE000]
        texts.append(" ".join(f"{ch} a{ch}b" for ch in chars))
    return [text for text in texts if text]


def texts_in(file):
    """Returns the texts of JSON lines, or of any other text file its paragraphs; a file that is no text has none."""
    try:
        with open(file, encoding="utf-8", newline="") as opened:
            content = opened.read()
    except UnicodeDecodeError:
        return []
    if file.suffix != ".jsonl":
        return [part for part in re.split(r"\n\n+", content) if part]
    texts = []
    for line in content.split("\n"):
        try:
            row = json.loads(line)
            row.get("text", "").encode()
        except (ValueError, AttributeError):
            # No JSON, no record, or a text with half of a surrogate pair, which Data-Juicer does not load.
            continue
        texts.append(row.get("text"))
    return [text for text in texts if text is not None]


def to_rows(texts):
    """Returns records with the texts, and with fields of several types for operators that look at such."""
    return [
        {
            "id": number,
            "text": text,
            "label": LABELS[number % len(LABELS)],
            "number": number * 37 % 101,
            "share": number * 5 % 16 / 16,
            "digits": str(number * 13 % 71),
            "meta": {"inner": {"rank": number * 11 % 10}},
            "__dj__suffix__": SUFFIXES[number % len(SUFFIXES)],
            "__dj__uid": (number * 7919) % 104_729,
        }
        for number, text in enumerate(texts)
    ]


def grouped(rows, size=7):
    """Returns records of which each has some of the rows, field by field."""
    parts = [rows[start : start + size] for start in range(0, len(rows), size)]
    return [{name: [row[name] for row in part] for name in part[0]} for part in parts]


def own_rows(root, operator):
    """Returns the input rows of an operator's vectors."""
    stem = re.sub("_(mapper|filter|deduplicator|selector|grouper)$", "", operator)
    (path,) = (root / "crates/ops/src").rglob(f"{stem}.vectors.jsonl")
    rows = []
    for line in open(path):
        rows += json.loads(line)["input"]
    for row in rows:
        row.pop("id", None)
        if isinstance(row.get("compressed_file"), str):
            row["compressed_file"] = str(root / "crates/ops/testdata" / row["compressed_file"])
    return rows
