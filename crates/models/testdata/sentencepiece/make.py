"""Makes the models of this folder, and beside each the pieces that SentencePiece 0.2.3 cuts texts into.

    python -m venv venv && venv/bin/pip install sentencepiece==0.2.3 && venv/bin/python make.py

Each line of a `.jsonl` file is `[text, pieces, ids]`, or `[unit, times, number of pieces, sum]` for a long text, where the sum
is that of each id times its place from 1, modulo 2^32.
"""

import io
import json
import random
import tempfile
from pathlib import Path

import sentencepiece as spm

HERE = Path(__file__).parent

SENTENCES = """
The river was low that summer, and the boats lay on the mud.
She counted 1,024 stones before breakfast; none of them was round.
Nobody knows who built the bridge. It has been there since 1742!
Le fleuve était bas cet été, et les bateaux restaient à terre.
Où sont les clés de l'école ? Près de la fenêtre, je crois.
Der Fluss führte wenig Wasser, die Boote lagen im Schlamm.
这条河今年夏天水很少，船都停在泥里。
没有人知道是谁造了这座桥。它从1742年就在那里了！
川の水が少なく、舟は泥の上にあった。
for (int i = 0; i < 10; i++) { total += values[i]; }
https://example.org/path?query=1&other=two
the the the then there they them these those though
""".strip().split("\n")

# Longest match, deletion, a replacement with spaces, composition, and a rule that starts with ASCII.
RULES = ["0009\t0020", "000A\t0020", "3000\t0020", "00AD\t", "FB01\t0066 0069", "2460\t0031", "0065 0301\t00E9",
         "FDFA\t0061 0020 0020 0062", "FF21\t0041", "002D 002D\t2014"]

ALPHABET = (
    list("abcdefghijklmnopqrstuvwxyz      ,.!?;0123456789ABCDEF\n\t-")
    + list("éüßàèêôç这条河今年夏天水很少没有人知道川の泥舟")
    + list("\u2581\u3000\u00a0\u00ad\ufb01\u2460\ufdfa\uff21\u0301\u200b\ufeff\x00\x7f\ufffd😀🏳️‍🌈한ⴰ")
    + ["the", "  ", "e\u0301", "--", "<sep>", "<s>", "</s>", "<unk>", "<0x41>", "▁▁", "été", "中文", " the", "there"]
)


def texts():
    chosen = random.Random(13)
    yield from SENTENCES
    yield from ["", " ", "   ", "\n", "\u00ad", " \u00ad ", "▁", "a", " a ", "😀", "😀😀 😀", "the", "<sep>", "\x00"]
    for _ in range(150):
        yield "".join(chosen.choice(ALPHABET) for _ in range(chosen.choice([1, 2, 3, 5, 8, 13, 40])))


def train(**options):
    model = io.BytesIO()
    spm.SentencePieceTrainer.train(
        sentence_iterator=iter(SENTENCES * 20), model_writer=model, hard_vocab_limit=False, num_threads=1, minloglevel=2, **options
    )
    return model.getvalue()


def varint(number):
    parts = []
    while number > 127:
        parts.append(number & 127 | 128)
        number >>= 7
    return bytes([*parts, number])


def field(number, content):
    return varint(number << 3 | 2) + varint(len(content)) + content


def by_hand(pieces, kind):
    """A model of pieces with scores and types, which normalises nothing."""
    import struct

    model = b"".join(
        field(1, field(1, text.encode()) + b"\x15" + struct.pack("<f", score) + b"\x18" + varint(type)) for text, score, type in pieces
    )
    return model + field(2, b"\x18" + varint(kind)) + field(3, b"\x18\x00\x20\x00\x28\x00")


def write(name, model, long=()):
    (HERE / f"{name}.model").write_bytes(model)
    processor = spm.SentencePieceProcessor(model_proto=model)
    with open(HERE / f"{name}.jsonl", "w") as out:
        for text in texts():
            pieces, ids = processor.encode(text, out_type=str), processor.encode(text, out_type=int)
            print(json.dumps([text, pieces, ids], ensure_ascii=False), file=out)
        for unit, times in long:
            ids = processor.encode(unit * times, out_type=int)
            total = sum(id * place for place, id in enumerate(ids, 1)) % 2**32
            print(json.dumps([unit, times, len(ids), total], ensure_ascii=False), file=out)


with tempfile.NamedTemporaryFile("w", suffix=".tsv") as rules:
    rules.write("\n".join(RULES) + "\n")
    rules.flush()
    ruled = {"normalization_rule_tsv": rules.name}
    symbols = ["the", "<sep>", "  ", "中文"]
    write("unigram", train(model_type="unigram", vocab_size=260, **ruled), [("they said ", 40_000), ("été", 60_000)])
    write("unigram_bytes", train(model_type="unigram", vocab_size=460, byte_fallback=True, character_coverage=0.98,
          user_defined_symbols=symbols, control_symbols=["<ctl>"], normalization_rule_name="identity"))
    write("unigram_suffix", train(model_type="unigram", vocab_size=200, treat_whitespace_as_suffix=True, **ruled))
    write("unigram_spaces", train(model_type="unigram", vocab_size=220, split_by_whitespace=False, add_dummy_prefix=False,
          remove_extra_whitespaces=False, allow_whitespace_only_pieces=True, **ruled))
    write("bpe", train(model_type="bpe", vocab_size=330, **ruled), [("they said ", 3_000), ("aaaab", 6_000)])
    write("bpe_bytes", train(model_type="bpe", vocab_size=560, byte_fallback=True, character_coverage=0.98, split_digits=True,
          remove_extra_whitespaces=False, user_defined_symbols=symbols, normalization_rule_name="identity"))
    write("word", train(model_type="word", vocab_size=60, **ruled))
    write("char", train(model_type="char", vocab_size=60, user_defined_symbols=["the"], **ruled))

# Pieces that are not to be used are made on the way and taken apart again. Control symbols never come out.
normal, unknown, control, unused = 1, 2, 3, 5
letters = [("a", -9.0, normal), ("b", -9.5, normal), ("e", -9.0, normal), ("h", -9.0, normal), ("t", -9.0, normal), (" ", -9.0, unused)]
joined = [("th", -1.0, unused), ("the", -2.0, unused), ("he", -3.0, normal), ("ab", -4.0, unused), ("aba", -5.0, normal), ("abab", -4.5, unused)]
hidden = [("<unk>", 0.0, unknown), ("<s>", 0.0, control), ("B", 0.0, control)]
for name, kind in [("unused_unigram", 1), ("unused_bpe", 2)]:
    write(name, by_hand(hidden + letters + joined, kind), [("abab", 5_000), ("the ", 5_000)])

# Sums beyond 100,000, of either sign.
for name, sign in [("steep", -1.0), ("steep_positive", 1.0)]:
    pieces = [("<unk>", 0.0, unknown), ("t", 12.345 * sign, normal), ("h", 4.321 * sign, normal), ("hh", 8.642 * sign, normal),
              ("e", 7.891 * sign, normal), ("ee", 15.782 * sign, normal), ("the", 24.5571 * sign, normal)]
    write(name, by_hand(pieces, 1), [("thehheee", 9_000), ("hhhthe", 9_000), ("eee", 20_000)])
