#!/usr/bin/env python3
"""Writes which characters the classes of Python's `regex` and `re` have, for the tests of this crate.

    target/pattern-venv/bin/python crates/pattern/testdata/make_unicode.py > crates/pattern/testdata/unicode.jsonl

Python 3.11 has Unicode 14; `regex` has tables of its own. Each line has a dialect, a pattern, how many characters it matches, the
sum of their code points and the sum of their squares modulo 2^64.
"""

import json
import re

import regex

CHARS = [chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000]
CATEGORIES = "Lu Ll Lt Lm Lo L LC Mn Mc Me M Nd Nl No N Pc Pd Ps Pe Pi Pf Po P Sm Sc Sk So S Zs Zl Zp Z Cc Cf Co".split()
CLASSES = [r"\w", r"\W", r"\d", r"\D", r"\s", r"\S"]
POSIX = "alnum alpha blank digit graph lower print punct space upper word".split()

for module, patterns in (
    (regex, CLASSES + [rf"\p{{{name}}}" for name in CATEGORIES + ["Alphabetic", "Uppercase", "Lowercase"]]),
    (regex, [f"[[:{name}:]]" for name in POSIX]),
    (re, CLASSES + [r"(?i)[a-z]", r"(?i)[α-ω]", r"(?i)[а-я]", r"(?i)[\u0250-\u02af]", r"(?i)[\ua640-\uabff]"]),
):
    for pattern in patterns:
        matches = module.compile(pattern).match
        codes = [ord(char) for char in CHARS if matches(char)]
        squares = sum(code * code for code in codes) % 2**64
        line = {"dialect": module.__name__, "pattern": pattern, "count": len(codes), "sum": sum(codes), "squares": squares}
        print(json.dumps(line, ensure_ascii=False))
