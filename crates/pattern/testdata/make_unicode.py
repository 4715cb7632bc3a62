#!/usr/bin/env python3
"""Writes what Python's `regex` and `re` say of every character, for the tests of this crate.

    target/pattern-venv/bin/python crates/pattern/testdata/make_unicode.py

Python 3.11 has Unicode 14; `regex` has tables of its own. A set of characters is written as how many they are, the sum of their code
points, and the sum of their squares modulo 2^64.

- `unicode.jsonl`: the sets that patterns match.
- `properties.jsonl`: the sets of all properties of `regex`, each with the patterns by which it can be named.
- `boundaries.jsonl`: the characters after an `a` at which patterns match.
- `cases.jsonl`: each letter with variants, and after it all that match it where case is ignored.
"""

import json
import re
from pathlib import Path

import regex
from regex import _regex

CHARS = [chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000]
TEXT = "".join(CHARS)
CATEGORIES = "Lu Ll Lt Lm Lo L LC Mn Mc Me M Nd Nl No N Pc Pd Ps Pe Pi Pf Po P Sm Sc Sk So S Zs Zl Zp Z Cc Cf Co".split()
CLASSES = [r"\w", r"\W", r"\d", r"\D", r"\s", r"\S"]
POSIX = "alnum alpha blank cntrl digit graph lower print punct space upper word xdigit".split()


def figures(codes):
    count, total, squares = 0, 0, 0
    for code in codes:
        count, total, squares = count + 1, total + code, squares + code * code
    return {"count": count, "sum": total, "squares": squares % 2**64}


def matched(module, pattern):
    flags, bare = ("(?i)", pattern[4:]) if pattern.startswith("(?i)") else ("", pattern)
    runs = module.finditer(f"{flags}(?:{bare})+", TEXT)
    return figures(ord(char) for run in runs for char in run[0])


def written(name, lines):
    lines = [json.dumps(line, ensure_ascii=False) + "\n" for line in lines]
    (Path(__file__).parent / name).write_text("".join(lines))


def unicode_lines():
    for module, patterns in (
        (regex, CLASSES + [rf"\p{{{name}}}" for name in CATEGORIES + ["Alphabetic", "Uppercase", "Lowercase"]]),
        (regex, [f"[[:{name}:]]" for name in POSIX]),
        (re, CLASSES + [r"(?i)[a-z]", r"(?i)[α-ω]", r"(?i)[а-я]", r"(?i)[\u0250-\u02af]", r"(?i)[\ua640-\uabff]"]),
    ):
        for pattern in patterns:
            yield {"dialect": module.__name__, "pattern": pattern} | matched(module, pattern)


def property_lines():
    """Groups all names by what they mean to `regex`, which alone says so."""
    names = {}
    for name, (number, values) in _regex.get_properties().items():
        candidates = [name, f"Is{name}"] + [f"{name.lower()}={value}" for value in values]
        if name in ("GC", "SCRIPT", "BLOCK"):
            candidates += [form.format(value) for value in values for form in ("{}", "Is{}", "In{}")]
        for candidate in candidates:
            try:
                compiled = regex._regex_core.lookup_property(*parts(candidate), True)
            except regex.error:
                continue
            names.setdefault((compiled.value, compiled.positive), set()).add(rf"\p{{{candidate}}}")
    for _, patterns in sorted(names.items()):
        patterns = sorted(patterns)
        yield {"patterns": patterns} | matched(regex, patterns[0])


def parts(name):
    before, sign, after = name.partition("=")
    return (before, after) if sign else (None, before)


def boundary_lines():
    text = "".join("a" + char for char in CHARS)
    for module, patterns in ((regex, [r"a\b", r"a\B", r"a\m", r"a\M", r"(?a)a\b"]), (re, [r"a\b", r"a\B", r"(?a)a\b"])):
        for pattern in patterns:
            ends = (match.end() for match in module.finditer(pattern, text))
            codes = (ord(text[end]) for end in ends if end < len(text) and end % 2 == 1)
            yield {"dialect": module.__name__, "pattern": pattern} | figures(codes)


def case_lines():
    def is_candidate(char):
        changed = {char.lower(), char.upper(), char.title(), char.casefold()} != {char}
        return changed or len(_regex.get_all_cases(regex.I | regex.U, ord(char))) > 1

    candidates = "".join(filter(is_candidate, CHARS))
    for module in (regex, re):
        matches = ((char, "".join(match[0] for match in module.finditer(f"(?i){char}", candidates))) for char in candidates)
        yield {"dialect": module.__name__, "cases": [char + found for char, found in matches if found != char]}


written("unicode.jsonl", unicode_lines())
written("properties.jsonl", property_lines())
written("boundaries.jsonl", boundary_lines())
written("cases.jsonl", case_lines())
