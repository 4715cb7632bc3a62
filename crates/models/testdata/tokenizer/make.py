"""Makes the tokenizers of this folder, and beside each the ids that the library of Hugging Face makes of texts.

    python -m venv venv && venv/bin/pip install tokenizers==0.23.3 && venv/bin/python make.py

Each line of a `.jsonl` file is `[text, ids]`, without special tokens.
"""

import json
import random
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

HERE = Path(__file__).parent

SENTENCES = """
The river was low that summer, and the boats lay on the mud. They'd say it's LOW; she'll say IT'S not.
She counted 1,024 stones before breakfast, 12345678 after it; none of them was round.
Le fleuve était bas cet été, et les bateaux restaient à terre. Où sont les clés ?
这条河今年夏天水很少，船都停在泥里。川の水が少なく、舟は泥の上にあった。
for (int i = 0; i < 10; i++) {\n    total += values[i];\n\n\tprint("done");\n}
the the then there they them these those though through
""".strip().split("\n")

ALPHABET = (
    list("abcdefghijklmnopqrstuvwxyz       ,.!?;0123456789ABCDEF\n\n\t-'")
    + list("éüß这条河川の泥½²٣\u00a0\u3000\u0301\u200b\x00\x7f\u2028\x85\r😀🏳️‍🌈한ⴰſK")
    + ["'s", "'LL", "'re", "  ", "    ", "\r\n", "\n\n", "e\u0301", "<|end|>", "<|", "12345", " the", "été", "가", "가", "tok"]
)


def texts():
    chosen = random.Random(17)
    yield from SENTENCES
    yield from ["", " ", "  ", "\n", "<|end|>", "a<|end|><|end|> b", "'", "''s", "'ſ", " 's", "x  y", "x \n y", "x \n\n", "e\u0301"]
    yield "a" * 100 + "the" * 40 + "!" * 30
    for _ in range(150):
        yield "".join(chosen.choice(ALPHABET) for _ in range(chosen.choice([1, 2, 3, 5, 8, 13, 40])))


def write(name, tokenizer):
    tokenizer.save(str(HERE / f"{name}.json"), pretty=False)
    with open(HERE / f"{name}.jsonl", "w") as out:
        for text in texts():
            print(json.dumps([text, tokenizer.encode(text, add_special_tokens=False).ids], ensure_ascii=False), file=out)


def byte_level(name, pre_tokenizer, normalizer, vocabulary, added, **options):
    tokenizer = Tokenizer(models.BPE(**options))
    tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.decoder = decoders.ByteLevel()
    if normalizer:
        tokenizer.normalizer = normalizer
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), special_tokens=["<|end|>"], show_progress=False
    )
    tokenizer.train_from_iterator(SENTENCES * 3, trainer)
    tokenizer.add_tokens(added)
    write(name, tokenizer)


def split(digits):
    pattern = (
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|" + digits
        + r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    )
    bytes = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    return pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(pattern), "isolated"), bytes])


spaces = [AddedToken(" " * length, normalized=True) for length in range(2, 9)]
byte_level("gpt2", pre_tokenizers.ByteLevel(add_prefix_space=False), None, 500, [])
byte_level("neox", pre_tokenizers.ByteLevel(add_prefix_space=False), normalizers.NFC(), 450, spaces)
byte_level("llama3", split(r"\p{N}{1,3}"), None, 500, [AddedToken("tok", normalized=False)], ignore_merges=True)
byte_level("qwen", split(r"\p{N}"), normalizers.NFC(), 450, [AddedToken("été", normalized=True)])
# These are left to the library.
byte_level("prefix", pre_tokenizers.ByteLevel(add_prefix_space=True), None, 350, [])
byte_level("stripped", pre_tokenizers.ByteLevel(add_prefix_space=False), None, 300, [AddedToken("tok", lstrip=True)])
word_piece = Tokenizer(models.WordPiece(unk_token="[UNK]"))
word_piece.normalizer = normalizers.BertNormalizer()
word_piece.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
word_piece.train_from_iterator(SENTENCES * 3, trainers.WordPieceTrainer(vocab_size=300, special_tokens=["[UNK]"], show_progress=False))
word_piece.enable_truncation(5)
word_piece.enable_padding(length=9)
word_piece.save(str(HERE / "word_piece.json"), pretty=False)
word_piece.no_truncation()
word_piece.no_padding()
with open(HERE / "word_piece.jsonl", "w") as out:
    for text in texts():
        print(json.dumps([text, word_piece.encode(text, add_special_tokens=False).ids], ensure_ascii=False), file=out)
