"""Trains the small models of this folder with the C++ library, and writes what it predicts.

    pip install fasttext-wheel==0.9.2 'numpy<2'
    python make.py

Training is not reproducible to the bit, so models and predictions are made together. The words are written for the purpose.
"""

import json
import pathlib
import random
import struct

import fasttext

FOLDER = pathlib.Path(__file__).parent
WORDS = {
    "en": "the of and to in is that for it was on are with as his they be at one have this from by hot word but what some",
    "fr": "le la les de des et un une est que pour dans ce il qui ne sur se pas plus par avec tout faire mais été être où",
    "de": "der die das und in zu den mit von auf für nicht sie es ein eine als auch an nach wie im bei über größe straße",
    "ru": "и в не на я быть он с что а по это она этот к но они мы весь который из у то за свой год",
    "el": "και το να του η της με που την από για είναι στο δεν θα τα οι σε τον στην",
    "zh": "的 一 是 不 了 人 我 在 有 他 这 中 大 来 上 国 个 到 说 们 我们 今天 天气 很好",
    "ar": "في من على أن إلى هذا كان عن مع لا ما هو كل بعد غير أو لم بين",
    "x1": "spam eggs ham",
}
MODELS = {
    "softmax.bin": dict(loss="softmax", dim=10, minn=2, maxn=4, bucket=300, wordNgrams=2),
    "hierarchical.bin": dict(loss="hs", dim=16, minn=1, maxn=3, bucket=251, wordNgrams=1),
    "sampling.bin": dict(loss="ns", dim=20, minn=0, maxn=0, bucket=0, wordNgrams=1),
    "one_versus_all.bin": dict(loss="ova", dim=5, minn=0, maxn=0, bucket=200, wordNgrams=3),
    "norms.ftz": dict(loss="hs", dim=16, minn=2, maxn=4, bucket=300, wordNgrams=2),
    "pruned.ftz": dict(loss="softmax", dim=7, minn=1, maxn=3, bucket=500, wordNgrams=2),
}
QUANTISED = {
    "norms.ftz": dict(qnorm=True, dsub=2),
    "pruned.ftz": dict(qnorm=False, dsub=3, cutoff=280, retrain=True, qout=True),
}


def corpus(rng):
    lines = []
    for number, (label, words) in enumerate(WORDS.items()):
        for _ in range(80 - 8 * number):
            line = rng.choices(words.split(), k=rng.randint(1, 12))
            lines.append(f"__label__{label} " + " ".join(line))
    # Enough rare words that a matrix of 256 rows can be quantised.
    lines += [f"__label__rare w{number} word{number}" for number in range(20)]
    # Enough labels that the rows of the output can be quantised too.
    lines += [f"__label__l{number} label{number} of" for number in range(256)]
    rng.shuffle(lines)
    return lines


def texts(rng):
    chars = "aeiou xyz\t\r\v\f  éßñ的一我и в أن😊\u00a0\u3000\u200b" + "\0"
    made = ["", " ", "</s>", "the </s> le", "__label__en", "__label__unknown the", "__label__", "\0", "🦀🦀🦀"]
    for words in WORDS.values():
        for _ in range(6):
            made.append(" ".join(rng.choices(words.split(), k=rng.randint(1, 9))))
    for _ in range(60):
        made.append("".join(rng.choices(chars, k=rng.randint(1, 40))))
    everything = " ".join(WORDS.values()).split()
    for _ in range(30):
        made.append(" ".join(rng.choices(everything, k=rng.randint(1, 60))))
    return made


def main():
    rng = random.Random(7)
    training = FOLDER / "training.txt"
    training.write_text("\n".join(corpus(rng)) + "\n")
    samples = texts(rng)
    expected = [{"text": text} for text in samples]
    for name, arguments in MODELS.items():
        model = fasttext.train_supervised(
            str(training), epoch=15, lr=0.5, minCount=1, thread=1, verbose=0, **arguments
        )
        if name in QUANTISED:
            model.quantize(input=str(training), epoch=2, lr=0.1, thread=1, verbose=0, **QUANTISED[name])
        model.save_model(str(FOLDER / name))
        model = fasttext.load_model(str(FOLDER / name))
        for case in expected:
            labels, scores = model.predict(case["text"])
            bits = struct.unpack("<I", struct.pack("<f", scores[0]))[0] if labels else None
            case[name] = [labels[0], bits] if labels else None
    training.unlink()
    with open(FOLDER / "expected.jsonl", "w") as file:
        file.writelines(json.dumps(case, ensure_ascii=False) + "\n" for case in expected)


if __name__ == "__main__":
    main()
