"""Writes `properties.txt` and `cases.txt`: what Python's `regex` knows of each character.

Usage: python3.11 generate_tables.py, in this folder

`properties.txt` has a line `* NAME NAME …` for each property, with all of its names, and below it a line for each of its values: its
names, a tab, and the ranges of characters that have it. A range is how many characters are passed over from the end of the one
before, and, after a `+`, how many follow its first, in hexadecimal digits. `others` are the characters that no other value has.
The last property is not one of `regex`: it has the characters that Python 3.11 does not know yet.

`cases.txt` has a line for each character with variants that differ in case alone: itself, and after it all of them.
"""
import unicodedata

import regex
from regex import _regex

CHARS = [chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000]
TEXT = "".join(CHARS)


def ranges(pattern):
    """Returns the ranges of the characters that a pattern matches. One may go past the surrogates, which are no characters."""
    runs = regex.finditer(f"(?:{pattern})+", TEXT)
    return [(ord(run[0][0]), ord(run[0][-1])) for run in runs]


def spelled(found):
    parts, end = [], 0
    for first, last in found:
        parts.append(f"{first - end:x}" if first == last else f"{first - end:x}+{last - first:x}")
        end = last + 1
    return " ".join(parts)


def with_others(sets):
    """Puts `others` for the value that takes the most room, where each character has exactly one value."""
    texts = [spelled(found) for found in sets]
    covered = sorted(pair for found in sets for pair in found)
    is_partition = all(first > last for (_, last), (first, _) in zip(covered, covered[1:]))
    if is_partition:
        longest = max(range(len(texts)), key=lambda at: len(texts[at]))
        texts[longest] = "others"
    return texts


properties = {}
for name, (number, values) in _regex.get_properties().items():
    names, _ = properties.setdefault(number, ([], values))
    names.append(name)
VERSION = f"# Written by `generate_tables.py` with `regex` {regex.__version__} under Python 3.11. Do not edit by hand.\n"
with open("properties.txt", "w") as out:
    out.write(VERSION)
    for number, (names, values) in sorted(properties.items()):
        out.write("* " + " ".join(sorted(names)) + "\n")
        by_number = {}
        for name, value in values.items():
            by_number.setdefault(value, []).append(name)
        all_names = [names for _, names in sorted(by_number.items())]
        sets = [ranges(rf"\p{{{names[0]}={value_names[0]}}}") for value_names in all_names]
        for value_names, text in zip(all_names, with_others(sets)):
            out.write(" ".join(sorted(value_names)) + "\t" + text + "\n")
    known = [unicodedata.category(char) != "Cn" for char in CHARS]
    later = [ord(char) for char, is_known in zip(CHARS, known) if not is_known and regex.match(r"\P{Cn}", char)]
    pattern = "[" + "".join(rf"\U{code:08x}" for code in later) + "]"
    out.write("* PYTHON311\nLATER\t" + spelled(ranges(pattern)) + "\n")
with open("cases.txt", "w") as out:
    out.write(VERSION)
    flags = regex.IGNORECASE | regex.UNICODE
    for char in CHARS:
        variants = [chr(code) for code in _regex.get_all_cases(flags, ord(char)) if chr(code) != char]
        if variants:
            out.write(char + "".join(sorted(variants)) + "\n")
