"""Writes the small language models of this folder, and the scores that the C++ library gives with them.

    pip install kenlm==0.3.0
    python make.py path/to/build_binary

`build_binary` is made of the sources of KenLM (github.com/kpu/kenlm), which the package `kenlm` lacks. The text is written
for the purpose; weights are made up, for what matters is how they are added. Some n-grams are left out although longer ones
end in them, as SRILM does.
"""

import json
import math
import pathlib
import random
import struct
import subprocess
import sys

import kenlm

FOLDER = pathlib.Path(__file__).parent
TEXT = """the old keeper climbs the stairs every evening
the keeper checks the lamp and the old lamp shines
a small boat returns when the lamp shines
every evening a small boat returns to the old pier
今天 天气 很 好 我们 去 公园
今天 我们 去 公园 散步
der alte Wärter steigt die Treppe hinauf
naïve café über straße
x y z x y z x y
""".splitlines()
BINARIES = {
    "four.probing.bin": ("four.arpa", ["probing"]),
    "four.rest.bin": ("four.arpa", ["-r", "lower1.arpa lower2.arpa lower3.arpa", "probing"]),
    "four.trie.bin": ("four.arpa", ["trie"]),
    "four.array.bin": ("four.arpa", ["-a", "5", "trie"]),
    "four.quantised.bin": ("four.arpa", ["-q", "6", "-b", "5", "trie"]),
    "four.quantised_array.bin": ("four.arpa", ["-q", "8", "-b", "3", "-a", "64", "trie"]),
    "two.probing.bin": ("two.arpa", ["-p", "1.2", "-v", "probing"]),
    "two.trie.bin": ("two.arpa", ["trie"]),
}


def ngrams(order, rng):
    """All n-grams of the text up to a length, without some that longer ones end in."""
    found = [set() for _ in range(order)]
    for line in TEXT:
        words = ["<s>", *line.split(), "</s>"]
        for length in range(1, order + 1):
            found[length - 1].update(tuple(words[at : at + length]) for at in range(len(words) - length + 1))
    for length in range(2, order):
        contexts = {ngram[:-1] for ngram in found[length]}
        for ngram in sorted(found[length - 1] - contexts):
            if rng.random() < 0.1:
                found[length - 1].discard(ngram)
    return found


def write_arpa(path, order, rng, has_unknown):
    found = ngrams(order, rng)
    if has_unknown:
        found[0].add(("<unk>",))
    with open(path, "w") as file:
        file.write("\\data\\\n")
        for length, some in enumerate(found, 1):
            file.write(f"ngram {length}={len(some)}\n")
        for length, some in enumerate(found, 1):
            file.write(f"\n\\{length}-grams:\n")
            for ngram in sorted(some, key=lambda _: rng.random()):
                prob = -99 if ngram == ("<s>",) else round(-rng.expovariate(1), 5)
                backoff = ""
                if length < order and rng.random() < 0.9:
                    backoff = f"\t{rng.choice([0, round(-rng.random(), 6), round(0.1 * rng.random(), 4)])}"
                file.write(f"{prob}\t{' '.join(ngram)}{backoff}\n")
        file.write("\n\\end\\\n")


def write_lower(order):
    """The n-grams of the largest model up to a length, for rest costs."""
    header, *sections = (FOLDER / "four.arpa").read_text().split("\n\n")
    sections = [section.split("\n") for section in sections[:order]]
    sections[-1] = [line.rsplit("\t", line.count("\t") - 1)[0] if line.count("\t") > 1 else line for line in sections[-1]]
    counts = header.split("\n")[: order + 1]
    parts = ["\n".join(part) for part in [counts, *sections]]
    (FOLDER / f"lower{order}.arpa").write_text("\n\n".join([*parts, "\\end\\\n"]))


def sentences(rng):
    words = " ".join(TEXT).split() + ["unknown", "<unk>", "</s>", "<s>", "\u00a0", "🦀"]
    made = ["", " ", *TEXT, "the\told\vkeeper\fclimbs\rthe\nstairs", "the\u3000old"]
    for _ in range(60):
        line = rng.choice(TEXT).split()
        start = rng.randrange(len(line))
        made.append(" ".join(line[start : start + rng.randint(1, 6)] + rng.choices(words, k=rng.randint(0, 5))))
    return made


def main():
    rng = random.Random(13)
    write_arpa(FOLDER / "two.arpa", 2, rng, has_unknown=False)
    write_arpa(FOLDER / "three.arpa", 3, rng, has_unknown=True)
    write_arpa(FOLDER / "four.arpa", 4, rng, has_unknown=True)
    for order in (1, 2, 3):
        write_lower(order)
    for name, (arpa, arguments) in BINARIES.items():
        subprocess.run([sys.argv[1], *arguments, arpa, name], cwd=FOLDER, check=True, stderr=subprocess.DEVNULL)
    for order in (1, 2, 3):
        (FOLDER / f"lower{order}.arpa").unlink()
    cases = [{"sentence": sentence} for sentence in sentences(rng)]
    names = [*BINARIES, "two.arpa", "three.arpa", "four.arpa"]
    for name in names:
        model = kenlm.Model(str(FOLDER / name))
        for case in cases:
            case[name] = struct.unpack("<I", struct.pack("<f", model.score(case["sentence"])))[0]
    assert all(math.isfinite(struct.unpack("<f", struct.pack("<I", case["four.arpa"]))[0]) for case in cases)
    with open(FOLDER / "expected.jsonl", "w") as file:
        file.writelines(json.dumps(case, ensure_ascii=False) + "\n" for case in cases)


if __name__ == "__main__":
    main()
