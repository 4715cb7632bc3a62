"""What differs between the outcomes of the two programs."""

from programs import HASHES, STATS, key


def differences(ours, theirs):
    """Returns what differs, as pairs of a text and the numbers of the records that show it."""
    if ours.error or theirs.error:
        if ours.error and theirs.error:
            return []
        who, error = ("Coldpress", ours.error) if ours.error else ("Data-Juicer", theirs.error)
        return [(f"{who} alone fails: {error}", [])]
    found = []
    if ours.failed - theirs.failed:
        found.append(("fails in Coldpress alone", sorted(ours.failed - theirs.failed)))
    # A record that fails in Data-Juicer alone is lost there with its whole batch.
    if theirs.failed - ours.failed:
        found.append(("fails in Data-Juicer alone", sorted(theirs.failed - ours.failed)))
    odd = ours.failed | theirs.failed
    mine = [plain(row) for row in ours.rows if key(row) not in odd]
    other = [plain(row) for row in theirs.rows if key(row) not in odd]
    return found + compare_rows(mine, other)


def compare_rows(mine, other):
    left, right = group(mine), group(other)
    found = []
    for who, only in (("Coldpress", left.keys() - right.keys()), ("Data-Juicer", right.keys() - left.keys())):
        if only:
            found.append((f"kept by {who} alone", sorted(only, key=str)))
    both = [number for number in left if number in right]
    if both != [number for number in right if number in left]:
        found.append(("the order differs", []))
    fields = {}
    for number in both:
        if left[number] == right[number]:
            continue
        if len(left[number]) != len(right[number]):
            fields.setdefault("the number of records made of one", []).append(number)
            continue
        for one, two in zip(left[number], right[number]):
            for name in sorted(one.keys() | two.keys()):
                if one.get(name) != two.get(name):
                    numbers = fields.setdefault(f"`{name}` differs", [])
                    if number not in numbers:
                        numbers.append(number)
    return found + sorted(fields.items())


def group(rows):
    """Returns the rows by their number: several, where one was split."""
    groups = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    return groups


def plain(row):
    """Returns a row as both programs mean it: a null is a missing field, and a statistic is a field of its own."""
    row = {name: value for name, value in row.items() if name not in HASHES}
    for name, value in (row.pop(STATS, None) or {}).items():
        row[f"{STATS}.{name}"] = value
    return without_nulls(row)


def without_nulls(value):
    if isinstance(value, dict):
        return {name: without_nulls(inner) for name, inner in value.items() if inner is not None and inner != {}}
    if isinstance(value, list):
        return [without_nulls(inner) for inner in value]
    # Data-Juicer writes ten decimals.
    return round(value, 10) if isinstance(value, float) else value
