"""The Python side of Coldpress: loads a user's code and runs it over records that come in lines of JSON.

It needs nothing but Python's own library, 3.8 or later. Its standard input and output belong to the parent: they are moved
away before the user's code runs, so that whatever that prints goes to standard error and whatever it reads is empty.
"""
import json
import marshal
import os
import sys
import time
import traceback

PROTOCOL = 2


def die_with_parent(parent):
    """Asks the system to kill this process when its parent dies, even in the middle of the user's code."""
    try:
        import ctypes

        ctypes.CDLL(None).prctl(1, 9, 0, 0, 0)
    except (ImportError, OSError, AttributeError):
        return  # Not Linux: the end of the input ends it.
    if os.getppid() != parent:
        os._exit(0)


def widen(pipe):
    """Lets a pipe hold a whole call, where the system allows it, so that the two sides need not take turns."""
    try:
        import fcntl

        fcntl.fcntl(pipe, 1031, 1 << 20)  # F_SETPIPE_SZ
    except (ImportError, OSError):
        pass


def take_streams():
    """Keeps the parent's pipes for itself."""
    for pipe in 0, 1:
        widen(pipe)
    calls = os.fdopen(os.dup(0), "rb", 1 << 16)
    answers = os.fdopen(os.dup(1), "wb", 1 << 16)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdout.reconfigure(line_buffering=True, errors="backslashreplace")
    sys.stderr.reconfigure(errors="backslashreplace")
    return calls, answers


def refuse(message):
    raise ValueError(message)


# ---- Reading the user's code

LAMBDA = "<lambda_str>"


def parse_lambda(source):
    import ast

    try:
        tree = ast.parse(source.strip(), LAMBDA, "eval")
    except SyntaxError as error:
        refuse("it is no lambda expression: %s" % error)
    if not isinstance(tree.body, ast.Lambda):
        refuse("it is no lambda expression, as in `lambda record: record`")
    check_arguments(tree.body.args, "the lambda")
    return tree


def check_arguments(arguments, name):
    given = arguments.args + getattr(arguments, "posonlyargs", [])
    needed = len(given) - len(arguments.defaults)
    if len(given) != 1 and needed != 1:
        refuse("%s must take exactly one argument" % name)


def check_file(path, functions):
    """Looks for the functions without running the file."""
    import ast

    with open(path, "rb") as file:
        source = file.read()
    try:
        tree = ast.parse(source, path)
    except SyntaxError as error:
        refuse("it cannot be parsed: %s" % error)
    wanted = [name for name, _ in functions]
    may_have_more = False
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names):
            may_have_more = True
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name in wanted:
            check_arguments(node.args, "its function `%s`" % node.name)
            return
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Expr)):
            may_have_more = True
    if not may_have_more:
        refuse(no_function(functions))


def no_function(functions):
    return "it has no function %s" % " or ".join("`%s`" % name for name, _ in functions)


def load_file(path, functions):
    import importlib.util

    sys.path.insert(0, os.path.dirname(os.path.abspath(path)))
    name = os.path.splitext(os.path.basename(path))[0]
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    for name, mode in functions:
        function = getattr(module, name, None)
        if callable(function):
            return function, mode
    refuse(no_function(functions))


MODULES = {}


def module_of(code):
    """The module whose source the parent has sent, run once."""
    name = code["module"]
    if name not in MODULES:
        import types

        module = types.ModuleType(name)
        exec(compile(code["source"], "<%s>" % name, "exec"), module.__dict__)
        MODULES[name] = module
    return MODULES[name]


def load(code):
    if "module" in code:
        return module_of(code).load(code["argument"])
    if "lambda" in code:
        parse_lambda(code["lambda"])
        return eval(code["lambda"].strip(), {"__name__": "__main__"}), code["mode"]
    return load_file(code["file"], code["functions"])


def check(code):
    if "lambda" in code:
        parse_lambda(code["lambda"])
    else:
        check_file(code["file"], code["functions"])


# ---- Saying what became of a record


def plain(value):
    """What JSON has no form for, but a list or a number in it, as the values of numpy have."""
    to_list = getattr(value, "tolist", None)
    if to_list is None:
        raise TypeError("a value of the type %s is no JSON" % type(value).__name__)
    return to_list()


dumps = json.JSONEncoder(ensure_ascii=False, allow_nan=False, default=plain).encode
loads = json.JSONDecoder().decode
SIMPLE = frozenset((str, int, float, bool, type(None)))
TRUE = b"t\n"
FALSE = b"f\n"
MISSING = object()


def is_same(old, new):
    kind = type(new)
    if kind is not type(old):
        return False
    if kind is str or kind is int:
        return old == new
    return kind is float and repr(old) == repr(new)


def frozen(value):
    """All that is in a list or a dict, to tell whether it was changed where it is. Types count: 1 is not 1.0."""
    try:
        return marshal.dumps(value, 2)
    except ValueError:
        return None


def snapshot(record):
    return {
        name: frozen(value)
        for name, value in record.items()
        if type(value) is list or type(value) is dict
    }


def answer(before, nested, after):
    return difference(before, nested, after).encode("utf-8") + b"\n"


def difference(before, nested, after):
    """Says how `after` differs from what the record was."""
    changed = None
    kept = 0
    for name, value in after.items():
        old = before.get(name, MISSING)
        if old is not MISSING:
            kept += 1
            if type(value) in SIMPLE:
                if value is old or is_same(old, value):
                    continue
            else:
                was = nested.get(name)
                if was is not None and was == frozen(value):
                    continue
        elif type(name) is not str:
            raise TypeError("the name of a field is %r, which is no text" % (name,))
        if changed is None:
            changed = {}
        changed[name] = value
    if kept < len(before):
        removed = [name for name in before if name not in after]
        text = "-" + dumps(removed) + "\t+" + dumps(changed or {})
    elif changed is None:
        return "="
    else:
        text = "+" + dumps(changed)
    return text


def what_happened():
    """The error that is handled, its last line first, and without the lines of this file."""
    kind, error, trace = sys.exc_info()
    while trace is not None and trace.tb_frame.f_code.co_filename == "<string>" and "parse_lambda" in trace.tb_frame.f_globals:
        trace = trace.tb_next
    summary = "".join(traceback.format_exception_only(kind, error)).strip()
    whole = "".join(traceback.format_exception(kind, error, trace)).strip()
    message = summary if trace is None else summary + "\n" + whole
    return json.dumps(message[:20000])


def failed():
    return ("!" + what_happened() + "\n").encode("utf-8")


def expect_dict(result):
    if not isinstance(result, dict):
        raise TypeError("the function must return a dict, got %s instead" % type(result).__name__)
    return result


def expect_list(result, count):
    result = list(result)
    if len(result) != count:
        raise ValueError("the function returned %d records for %d" % (len(result), count))
    return result


def expect_truth(result):
    if type(result) is bool:
        return TRUE if result else FALSE
    if type(result).__name__ in ("bool_", "bool"):
        return TRUE if bool(result) else FALSE
    raise TypeError("the function must return True or False, got %s instead" % type(result).__name__)


# ---- Calling the user's code


def by_record(function, in_place):
    def work(line):
        record = loads(line)
        before, nested = record.copy(), snapshot(record)
        result = function(record)
        if result is None and in_place:
            result = record
        return answer(before, nested, expect_dict(result))

    return work


def by_keep(function):
    return lambda line: expect_truth(function(loads(line)))


def of_records(function):
    def work(lines):
        records = [loads(line) for line in lines]
        before = [record.copy() for record in records]
        nested = [snapshot(record) for record in records]
        results = expect_list(function(records), len(lines))
        return [one(answer, *each) for each in zip(before, nested, map(expect_dict, results))]

    return work


def of_keep(function):
    def work(lines):
        results = expect_list(function([loads(line) for line in lines]), len(lines))
        return [one(expect_truth, result) for result in results]

    return work


def columns_of(records):
    names = dict.fromkeys(name for record in records for name in record)
    return {name: [record.get(name) for record in records] for name in names}


def of_columns(function):
    def work(lines):
        records = [loads(line) for line in lines]
        nested = [snapshot(record) for record in records]
        result = expect_dict(function(columns_of(records)))
        lists = {name: expect_list(values, len(lines)) for name, values in result.items()}
        answers = []
        for at, before in enumerate(records):
            # What a record lacked is None in its column.
            after = {
                name: values[at]
                for name, values in lists.items()
                if values[at] is not None or name in before
            }
            answers.append(one(answer, before, nested[at], after))
        return answers

    return work


def by_split(function):
    """One record, of which the function makes columns of any length."""

    def work(line):
        record = loads(line)
        before, nested = record.copy(), snapshot(record)
        result = expect_dict(function(columns_of([record])))
        columns = {name: list(values) for name, values in result.items()}
        lengths = {len(values) for values in columns.values()}
        if len(lengths) > 1:
            raise ValueError("the function returned columns of %s records" % sorted(lengths))
        children = [dict(zip(columns, values)) for values in zip(*columns.values())]
        children = [difference(before, nested, child) for child in children]
        return b"*" + json.dumps(children).encode("utf-8") + b"\n"

    return work


def of_judge(function):
    """Many records, of which the function says which to keep, and the statistics that it has computed."""

    def work(lines):
        keeps, stats = function(columns_of([loads(line) for line in lines]))
        pairs = zip(expect_list(keeps, len(lines)), expect_list(stats, len(lines)))
        return [one(judgement, *pair) for pair in pairs]

    return work


def judgement(keep, stats):
    return expect_truth(keep).strip() + dumps(expect_dict(stats)).encode("utf-8") + b"\n"


def one(work, *arguments):
    try:
        return work(*arguments)
    except Exception:
        return failed()


def each(work, lines, answers, process):
    """Answers record by record, and lets the parent know from time to time that it lives."""
    write, now = answers.write, time.monotonic
    flushed = now()
    for line in lines:
        try:
            reply = work(line)
        except BaseException:
            reply = failed()
        if os.getpid() != process:
            os._exit(0)  # The user's code forked, and this is the copy.
        write(reply)
        if now() - flushed > 0.05:
            answers.flush()
            flushed = now()


def together(work, lines, answers, process):
    try:
        replies = work(lines)
    except BaseException:
        replies = [("x" + what_happened() + "\n").encode("utf-8")]
    if os.getpid() != process:
        os._exit(0)
    answers.writelines(replies)
    return len(replies) == len(lines) and not replies[0].startswith(b"x")


def say(answers, line):
    answers.write(line)
    answers.flush()


WORK = {
    "record": lambda function: (each, by_record(function, False)),
    "record_in_place": lambda function: (each, by_record(function, True)),
    "keep": lambda function: (each, by_keep(function)),
    "columns": lambda function: (together, of_columns(function)),
    "records": lambda function: (together, of_records(function)),
    "keep_records": lambda function: (together, of_keep(function)),
    "split": lambda function: (each, by_split(function)),
    "judge": lambda function: (together, of_judge(function)),
}


def obey(order, loaded):
    """Does what an order other than a call says, and returns what there is to say of it."""
    if "check" in order:
        check(order["check"])
        return b""
    if "describe" in order:
        code = order["describe"]
        return b" " + json.dumps(module_of(code).describe(code["argument"])).encode("utf-8")
    if order.get("memory"):
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (order["memory"], order["memory"]))
    function, mode = load(order["load"])
    loaded[order["slot"]] = WORK[mode](function)
    return b""


def main():
    die_with_parent(int(sys.argv[1]))
    del sys.argv[1:]
    calls, answers = take_streams()
    process = os.getpid()
    say(answers, b"coldpress %d\n" % PROTOCOL)
    loaded = {}
    while True:
        line = calls.readline()
        if not line:
            return
        if not line.startswith(b"call "):
            try:
                say(answers, b"ok" + obey(json.loads(line), loaded) + b"\n")
            except BaseException:
                say(answers, failed())
            continue
        number, slot, count, length = line.split()[1:]
        run, work = loaded[int(slot)]
        lines = calls.read(int(length)).decode("utf-8").split("\n")[: int(count)]
        if run(work, lines, answers, process) is not False:
            answers.write(b".%s\n" % number)
        answers.flush()


main()
