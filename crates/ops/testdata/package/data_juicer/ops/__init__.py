"""A few lines that stand in for a part of py-data-juicer, as far as Coldpress and the operators of the tests look at it."""
from . import base_op
from .base_op import OPERATORS, TAGGING_OPS, Deduplicator, Filter, Mapper
from data_juicer.utils.constant import Fields, StatsKeys
from data_juicer.utils.lazy_loader import LazyLoader

@OPERATORS.register_module("shout_mapper")
class Shout(Mapper):
    """Makes texts
    loud.

    More of it."""
    def __init__(self, mark="!", *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.mark = mark
    def process_single(self, sample):
        if sample[self.text_key] == "bad": raise ValueError("too bad")
        sample[self.text_key] = sample[self.text_key].upper() + self.mark
        return sample

@OPERATORS.register_module("halves_mapper")
class Halves(Mapper):
    _batched_op = True
    def process_batched(self, samples):
        words = [word for text in samples["text"] for word in text.split()]
        rest = {name: [values[0]] * len(words) for name, values in samples.items()}
        return {**rest, "text": words}

@TAGGING_OPS.register_module("tag_mapper")
@OPERATORS.register_module("tag_mapper")
class Tag(Mapper):
    def process_single(self, sample):
        sample["__dj__meta__"]["tag"] = len(sample["text"])
        return sample

@OPERATORS.register_module("width_filter")
class Width(Filter):
    def __init__(self, least: int = 3, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.least = least
    def compute_stats_single(self, sample):
        if StatsKeys.width not in sample[Fields.stats]:
            sample[Fields.stats][StatsKeys.width] = [len(word) for word in sample["text"].split()]
        return sample
    def process_single(self, sample):
        return max(sample[Fields.stats][StatsKeys.width]) >= self.least

@OPERATORS.register_module("document_deduplicator")
@OPERATORS.register_module("twin_deduplicator")
class Twin(Deduplicator): pass


@OPERATORS.register_module("text_length_filter")
class TextLength(Filter):
    """Counts bytes, where the real one counts characters."""
    def __init__(self, min_len: int = 10, max_len: int = 10000, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.min_len, self.max_len = min_len, max_len
    def compute_stats_single(self, sample):
        sample[Fields.stats][StatsKeys.text_len] = len(sample["text"].encode())
        return sample
    def process_single(self, sample):
        return self.min_len <= sample[Fields.stats][StatsKeys.text_len] <= self.max_len

@OPERATORS.register_module("clean_email_mapper")
class CleanEmail(Mapper):
    def process_single(self, sample):
        sample["text"] = sample["text"].replace("a@b.de", "")
        return sample


@OPERATORS.register_module("fix_unicode_mapper")
class FixUnicode(Mapper):
    """Needs a package that is not there."""
    def __init__(self, normalization=None, *args, **kwargs):
        super().__init__(*args, **kwargs)
        LazyLoader.check_packages(["no_such_package"])


@OPERATORS.register_module("document_deduplicator")
class Document(Deduplicator): pass
