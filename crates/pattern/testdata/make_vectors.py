#!/usr/bin/env python3
"""Writes what Python's `regex` and `re` find, for the tests of this crate.

    python3 -m venv target/pattern-venv
    target/pattern-venv/bin/pip install regex==2026.11.19
    target/pattern-venv/bin/python crates/pattern/testdata/make_vectors.py > crates/pattern/testdata/vectors.jsonl

The first line has the texts. Each of the others has a dialect, a pattern, and for each text, or for its number, the places of all
matches with their groups in characters (null for a group that took no part), or `"error": true` where Python takes the pattern for
wrong. `--random N --seed S` writes N patterns that a grammar
makes up instead of those of people; `random.jsonl` has those of `--random 1500 --seed 12`.
"""

import argparse
import json
import random
import re
import signal
import warnings

import regex

warnings.simplefilter("ignore")

# The kinds of patterns that users write in recipes: addresses, phone numbers, markup, white space, boilerplate, languages.
PEOPLE = r"""
https?://\S+
(?i)https?://[^\s<>"']+
www\.[\w.-]+\.[a-z]{2,}
\b[\w.+-]+@[\w-]+\.[\w.-]+\b
(?i)\b[A-Z0-9._%+-]+@[A-Z0-9.-]+\.[A-Z]{2,}\b
\d{3}-\d{4}
(?<!\d)1[3-9]\d{9}(?!\d)
\b\d{1,3}(?:\.\d{1,3}){3}\b
\+?\d[\d -]{7,}\d
(?<!\w)@\w+
#\w+
<[^>]+>
<!--.*?-->
(?s)<script.*?</script>
(?is)<style[^>]*>.*?</style>
&[a-z]+;
&(?:amp|lt|gt|quot|nbsp);
\[\d+\]
\[citation needed\]
\(.*?\)
\([^()]*\)
\{[^{}]*\}
"[^"]*"
'(?:[^'\\]|\\.)*'
\s+
\s{2,}
[ \t]+
[ \t]+$
(?m)[ \t]+$
^\s+
\s+$
^\s+|\s+$
(?m)^\s+|\s+$
(?m)^#.*$
(?m)^.*cookie.*$
(?m)^$
\n{3,}
\n\s*\n
\r\n?
\R
\R{2,}
\h+
[\h]+
\X
(.)\1{3,}
(\w)\1{2,}
(\b\w+\b)(?:\s+\1\b)+
(?i)\b(\w+) \1\b
(a+)+b
(?:a|b)*c
a*?b
a??
a*?
|a
a|
(|a)+
(a*)*
(a*)+
(?:a?)*b
(a|b*)*
(?:x|xy)z?
x{2}
x{2,}
x{,2}
x{,}
x{2,3}?
x{2,3}+
x{ 2}
x{a}
a{}
a{1
a++b
a*+a
a?+a
(?>a+)b
(?>a|ab)c
(?=a)a
(?!a).
(?<=a)b
(?<!a)b
(?<=a|bc)d
(?<=a+)b
(?<=(a)b)c
(?<!^)a
(?<=\d{3})\.
(?<=\s)\w+(?=\s)
(?=.*\d)\w+
\w+(?=:)
(?<=\$)\d+(?:\.\d\d)?
\$\d+
\d+(?!%)\b
\bfoo\b
\Bo
\mfoo\M
\Gab
a\Kb
\Aa
a\Z
a\z
\p{L}+
\p{Lu}\p{Ll}+
\P{L}+
\p{^L}+
\pL+
\p{Han}+
[\p{Han}]+
\p{Script=Han}
\p{IsHan}
\p{Hiragana}+|\p{Katakana}+
\p{Cyrillic}+
[^\p{L}\p{N}\s]+
[\p{P}--[-]]+
(?V1)[\p{P}--[-]]+
(?V1)[\w&&[^\d]]+
(?V1)[[a-z]||[0-9]]+
(?V1)[[a-z]~~[x-z0-9]]+
(?i)\p{Lu}+
(?i)\p{Ll}+
(?i)[\p{Lu}]+
(?i)\p{gc=Lu}+
(?i)\p{IsUpper}+
(?i)[\p{Lu}\d]+
(?i)[a\p{Lu}]+
(?i)[[:upper:]x]+
(?i)[^\p{Ll}x]+
(?i)\P{Lu}+
(?i)[^\p{Lu}]+
(?i)\p{Uppercase}+
(?i)[[:upper:]]+
[[:alpha:]]+
[[:^alpha:]]+
[[:alnum:]_]+
[[:punct:]]+
[[:space:]]+
[[:digit:]]+
[[:xdigit:]]+
[[:foo:]]
[:alpha:]+
(?i)i
(?i)I
(?i)[i]
(?i)[h-j]+
(?i)[^i]+
(?i)k
(?i)s
(?i)ß
(?i)σ
(?i)straße
(?ai)k
(?a)\w+
(?a)\d+
(?a)\s+
(?a)\bé
(?u)\w+
(?i:a)b
(?i)a(?-i)b
(?i)a(?-i:b)
a(?i)b
(?s:.)+
(?-s:.)+
(?m:^a$)
(?x) a b # comment
(?x)[ ]+
(?x) a \  b
(?x: a b ) c
(?#comment)a
a(?#comment)*
(?x)a #c
(?P<y>\d{4})-(?P<m>\d\d)
(?<y>\d{4})
(?P<x>a)(?P=x)
(?<x>a)\g<x>
(a)\g<1>
(?P<x>a)|(?P<x>b)
(?<x>a)|(?<x>b)
(a)?(?(1)b|c)
(?P<q>")?\w+(?(q)")
(?|(a)|(b))c
(?|(a)(x)|(b))(c)
(?:(a)|b)*
(?:(a)|(b)|(c))+
(a)|(b)
((a)(b)?)+
(a(b(c)))
\N{DIGIT ONE}
[\N{DIGIT ONE}-\N{DIGIT THREE}]+
\x41\u0042\U00000043
\101
\07
[\101]
\a\f\v\t
\.\*\+\?
[.*+?^$|(){}]+
[]]+
[^]]+
[]a]+
[a\]]+
[a-]+
[-a]+
[\d-x]+
[a-\d]+
[a\-z]+
[\b]
[a&&b]+
[a||b]+
[a~~b]+
[\w.]+
[^\W\d_]+
[^\x00-\x7F]+
[\u4e00-\u9fff]+
[一-龥]+
[，。！？、]+
[\U0001F600-\U0001F64F]
[\u200b\ufeff]
[^\S\n]+
\D+
\S+
\W+
\w+
\d+
.
.*
.+
.*?,
^
$
\b
^a
a$
a$|b
$a
a$b
(a$)
(a$|b$)c?
(?m)a$
(?m)^
(?m)$
(?:^|\n)a
(?:a|$)
(?:$)+
(^)*a
\b+a
^*a
()
(?:)
(?=a)*
Copyright .* All rights reserved\.?
(?i)all rights reserved\.?
(?i)(?:cookie|privacy) policy
lorem ipsum
Page \d+ of \d+
(?m)^\s*[-*•]\s+
(?m)^\d+[.)]\s+
```[\s\S]*?```
\$\$.*?\$\$
\\[a-zA-Z]+(?:\{[^}]*\})?
\\begin\{(\w+)\}.*?\\end\{\1\}
=+\s*(.*?)\s*=+
\*\*(.+?)\*\*
!\[.*?\]\(.*?\)
\[(.*?)\]\((.*?)\)
(?<=[.!?])\s+(?=[A-Z])
(?<![A-Z])\.(?= )
[.!?]{2,}
-{3,}
_{2,}
(?:ha){2,}
([!?.])\1+
[A-Z]{5,}
\b[A-Z]+\b
\b\w{20,}\b
[^\w\s]{3,}
\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}
(?:[0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}
[0-9a-f]{32}
(?:\d{4}[ -]?){3}\d{4}
(unclosed
unopened)
a)
*a
+
?
a**
a+*
a{2}{3}
[z-a]
[
[a
\
\q
\8
(a)\2
\1
(?P<1>a)
(?P<n>a
(?z)
(?<n
(?P=n)
(?(2)a)
\p{xyz}
\p{
\x4
\u12
\N{NO SUCH NAME}
(?:x){2,1}
(?
(a\1)
[\d-\w]
""".strip("\n").split("\n")

TEXTS = [
    "Visit https://example.com/a?b=c or www.test.org now!  Mail: John.Doe+x@mail.example.co.uk, tel 555-1234 13800138000 x13800138000.",
    "aaab abab ab abc bcd aabb xx xxx xxxx foo xfoo food a1 b22\nc333 the the cat cat cat\n",
    "  \t lead\n\n\n# head\n<b>bold</b> <!-- c\nd --> &amp; [12] (par (en)) {x}  \r\n\r\ntrail \t\n",
    "Straße STRASSE İıiI kK\u212a sSſ ΣσςΑ ǅŉ ﬀª中文字，日本ひらカタ。Жа é e\u0301 \u00a0\u3000x\u200b👍🏽😀 ½٣1 A\x07\x0c\x0b",
    "$12.50 99% 2024-01-31T10:20 **bold** ![i](u) [t](v) ```code``` \\begin{it}x\\end{it} == T == wow!!! ha haha \"q\" 'r\\'s' a.b. C x{2} a{} a&b a|b a~b a-z [:] ABC\x08]-[^",
    "",
    "a",
    "ab\n",
    "\n",
    "baac",
]


class Slow(Exception):
    pass


def stop(*_):
    raise Slow


def found(module, pattern, text, flags):
    try:
        compiled = module.compile(pattern, flags)
    except Exception:
        return None
    signal.setitimer(signal.ITIMER_REAL, 0.5)
    try:
        matches = []
        for match in compiled.finditer(text):
            spans = [match.span(group) for group in range(compiled.groups + 1)]
            matches.append([place for span in spans for place in ((None, None) if span == (-1, -1) else span)])
        return matches
    except Slow:
        return "slow"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def write(dialect, pattern, texts, dot_all):
    module = regex if dialect == "regex" else re
    flags = module.DOTALL if dot_all else 0
    matches = [found(module, pattern, text, flags) for text in texts]
    line = {"dialect": dialect, "pattern": pattern, "dot_all": dot_all}
    if None in matches:
        line["error"] = True
    else:
        # Numbers, or a text of their own.
        texts = [TEXTS.index(text) if text in TEXTS else text for text in texts]
        line["texts"] = [[text, all] for text, all in zip(texts, matches) if all != "slow"]
    print(json.dumps(line, ensure_ascii=False, separators=(",", ":")))


def made_up(choose, depth):
    """A pattern of a few characters, so that its parts meet in a text of the same few."""
    kind = choose.randrange(18 if depth > 0 else 5)
    below = lambda: made_up(choose, depth - 1)
    if kind < 3:
        return choose.choice(["a", "b", "c", "ab", ".", "[ab]", "[^a]", r"\w", r"\s", "é"])
    if kind == 3:
        return choose.choice(["^", "$", r"\b", r"\B", r"\A", r"\Z", ""])
    if kind == 4:
        return choose.choice([r"\1", r"\2", "a", "b"]) if depth < 2 else "a"
    if kind < 9:
        return below() + below()
    if kind < 11:
        return f"(?:{below()}|{below()})"
    if kind < 13:
        return f"({below()})"
    if kind < 16:
        return f"(?:{below()})" + choose.choice(["*", "+", "?", "*?", "+?", "??", "{2}", "{1,2}", "{0,2}?", "*+", "++", "?+"])
    if kind == 16:
        return choose.choice(["(?={})", "(?!{})", "(?<={})", "(?<!{})", "(?>{})"]).format(below())
    return f"(?(1){below()}|{below()})"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--random", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    signal.signal(signal.SIGALRM, stop)
    print(json.dumps(TEXTS, ensure_ascii=False))
    if options.random:
        choose = random.Random(options.seed)
        for _ in range(options.random):
            pattern = made_up(choose, choose.randrange(1, 5))
            texts = ["".join(choose.choice("aabbcé \n") for _ in range(choose.randrange(12))) for _ in range(2)]
            write(choose.choice(["regex", "re"]), pattern, texts, choose.random() < 0.5)
        return
    for pattern in PEOPLE:
        for dialect in ("regex", "re"):
            write(dialect, pattern, TEXTS, dialect == "regex")


main()
