"""Runs an operator of Data-Juicer's Python package over records of Coldpress.

`argument` has the operator's `name` and `parameters`, and the paths of `custom` operators.
"""
import hashlib
import importlib.metadata
import inspect
import os
import pathlib
import re
import sys

STATS = "__dj__stats__"
META = "__dj__meta__"
LOADED = set()


class CustomOperators(Exception):
    """A path of custom operators that cannot be loaded."""


def operators(argument):
    install_nothing()
    import data_juicer.ops
    from data_juicer.ops import base_op

    for path in argument["custom"]:
        if path not in LOADED:
            load_custom(path)
            LOADED.add(path)
    return base_op


def install_nothing():
    """Data-Juicer installs packages that an operator lacks while a job runs. Here that is an error."""
    from data_juicer.utils.lazy_loader import LazyLoader

    def refuse(package, *_, **__):
        message = "the package `%s` is missing: install it for `%s`" % (package, sys.executable)
        raise ModuleNotFoundError(message, name=package)

    LazyLoader._install_package = staticmethod(refuse)


def load_custom(path):
    from data_juicer.config.config import load_custom_operators

    if not os.path.exists(path):
        raise CustomOperators("there is no file or folder `%s`" % path)
    try:
        load_custom_operators([path])
    except (Exception, SystemExit) as error:
        # The package wraps what went wrong.
        cause = error.__cause__ or error.__context__ or error
        cause = ("%s: %s" % (type(cause).__name__, cause)).splitlines()[0]
        raise CustomOperators("`%s` cannot be loaded: %s" % (path, cause)) from error


def kind_of(base, operator):
    kinds = "Mapper", "Aggregator", "Filter", "Deduplicator", "Selector", "Grouper", "Pipeline"
    return next((kind.lower() for kind in kinds if issubclass(operator, getattr(base, kind, ()))), "other")


def describe(argument):
    try:
        import data_juicer
    except ModuleNotFoundError as error:
        if error.name == "data_juicer":
            return {"package": None}
        raise
    try:
        base = operators(argument)
    except CustomOperators as error:
        return {"package": version(), "custom_error": str(error)}
    if "name" not in argument:
        return {"package": version(), "names": sorted(base.OPERATORS.modules)}
    operator = base.OPERATORS.modules.get(argument["name"])
    if operator is None:
        return {"package": version(), "kind": None}
    source = "".join(map(source_of, operator.__mro__))
    return {
        "package": version(),
        "kind": kind_of(base, operator),
        "summary": summary_of(operator),
        "keeps_rows": keeps_rows(operator),
        "stats": stats_in(source),
        "parameters": parameters_of(base, operator),
        "is_custom": is_custom(operator),
        "takes_any": is_custom(operator) and takes_keywords(operator),
        "custom": digest_of(argument["custom"]),
    }


def version():
    return importlib.metadata.version("py-data-juicer")


def is_custom(operator):
    return not operator.__module__.startswith("data_juicer.")


def takes_keywords(kind):
    """Returns whether its constructor takes parameters that it does not name."""
    return any(one.kind == one.VAR_KEYWORD for one in inspect.signature(kind.__init__).parameters.values())


def keeps_rows(operator):
    """Returns whether it makes one record of each. Operators that see many at a time may make any number, unless they promise."""
    return not operator._batched_op or bool(getattr(operator, "_supports_adaptive_batching", False))


def digest_of(paths):
    """The digest of the sources of custom operators."""
    digest = hashlib.sha256()
    for path in map(pathlib.Path, paths):
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            source = file.read_bytes()
            digest.update(b"%d %d " % (len(file.name), len(source)) + os.fsencode(file.name) + source)
    return digest.hexdigest()


def summary_of(operator):
    text = inspect.cleandoc(operator.__doc__ or "").split("\n\n")[0]
    return " ".join(text.split())


def source_of(kind):
    """The source of a class, without those that all operators have in common."""
    if kind.__module__ in ("builtins", "abc", "data_juicer.ops.base_op"):
        return ""
    try:
        return inspect.getsource(kind)
    except (OSError, TypeError):
        return ""


def stats_in(source):
    """The names of the statistics that an operator's source speaks of. No operator declares them."""
    from data_juicer.utils.constant import StatsKeys

    names = [getattr(StatsKeys, key, None) for key in re.findall(r"StatsKeys\.(\w+)", source)]
    names += re.findall(r"""\[Fields\.stats\]\[["']([^"']+)["']\]""", source)
    names += re.findall(r"""\["__dj__stats__"\]\[["']([^"']+)["']\]""", source)
    return [name for name in dict.fromkeys(names) if isinstance(name, str)]


def parameters_of(base, operator):
    """The names of the parameters that its constructor takes, or hands on to those that it inherits."""
    names = []
    for kind in operator.__mro__:
        if kind is base.OP:
            names += getattr(base.OP, "_BASE_PARAMS", {})
        if kind is base.Filter:
            names += ["stats_export_path", "min_closed_interval", "max_closed_interval", "reversed_range"]
        if "__init__" in kind.__dict__ and kind is not object:
            for parameter in inspect.signature(kind.__init__).parameters.values():
                if parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
                    names.append(parameter.name)
            if not takes_keywords(kind):
                break
    return [name for name in dict.fromkeys(names) if name != "self"]


def load(argument):
    base = operators(argument)
    operator = base.OPERATORS.modules[argument["name"]](**argument["parameters"])
    # Processes share the GPUs of a machine by the remainder of this number.
    rank = {"rank": os.getpid()} if operator.use_cuda() else {}
    if isinstance(operator, base.Filter):
        return judge_with(operator, rank), "judge"
    tags = operator._name in base.TAGGING_OPS.modules

    def process(columns):
        if tags:
            fill(columns, META)
        return plain(operator.process(columns, **rank))

    if not keeps_rows(type(operator)):
        return process, "split"
    return process if operator.is_batched_op() else one_by_one(process), "columns"


def one_by_one(process):
    """What is not batched gets columns of one record, as from Data-Juicer itself."""

    def work(columns):
        count = length_of(columns)
        results = [process({name: [values[at]] for name, values in columns.items()}) for at in range(count)]
        names = dict.fromkeys(name for result in results for name in result)
        return {name: [result[name][0] if name in result else None for result in results] for name in names}

    return work


def judge_with(operator, rank):
    def judge(columns):
        count = length_of(columns)
        given = [dict(stats or {}) for stats in columns.get(STATS, [None] * count)]
        columns[STATS] = [dict(stats) for stats in given]
        if operator.is_batched_op():
            samples = operator.compute_stats(columns, **rank)
            keeps = list(operator.process(samples))
            stats = samples[STATS]
        else:
            keeps, stats = [], []
            for at in range(count):
                sample = operator.compute_stats({name: [values[at]] for name, values in columns.items()}, **rank)
                keeps += operator.process(sample)
                stats += sample[STATS]
        return [bool(keep) for keep in keeps], [plain(stats) for stats in stats]

    return judge


def length_of(columns):
    return len(next(iter(columns.values()), ()))


def fill(columns, name):
    """Gives each record an object of its own under this name, if it has none."""
    columns[name] = [value or {} for value in columns.get(name) or [None] * length_of(columns)]


def plain(value):
    """Values as JSON has them: operators of the package see classes of its own in place of `dict`."""
    if isinstance(value, dict):
        return {name: plain(dict.__getitem__(value, name)) for name in value}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value
