"""A few lines that stand in for a part of py-data-juicer, as far as Coldpress and the operators of the tests look at it."""
class Registry:
    def __init__(self): self.modules = {}
    def register_module(self, name):
        def register(kind):
            self.modules[name] = kind
            kind._name = name
            return kind
        return register

OPERATORS, TAGGING_OPS = Registry(), Registry()

class OP:
    _batched_op = False
    _BASE_PARAMS = {"text_key": None}
    def __init__(self, *args, **kwargs):
        self.text_key = kwargs.get("text_key", "text")
    def is_batched_op(self): return self._batched_op
    def use_cuda(self): return False

def one(columns): return {name: values[0] for name, values in columns.items()}

class Mapper(OP):
    def process(self, columns):
        if self._batched_op: return self.process_batched(columns)
        return {name: [value] for name, value in self.process_single(one(columns)).items()}
class Aggregator(OP): pass
class Filter(OP):
    def compute_stats(self, columns):
        return {name: [value] for name, value in self.compute_stats_single(one(columns)).items()}
    def process(self, columns): return [self.process_single(one(columns))]
class Deduplicator(OP): pass
class Selector(OP): pass
class Grouper(OP): pass
class Pipeline(OP): pass
