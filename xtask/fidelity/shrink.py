"""The smallest input that shows a difference."""

# Rounds of halving and leaving out; each runs both programs once.
ROUNDS = 24


def smallest_text(text, differing):
    """Cuts a text down while it still differs. `differing` gets texts, and returns those that differ."""
    parts = 2
    for _ in range(ROUNDS):
        if len(text) < 2:
            break
        candidates = cuts(text, min(parts, len(text)))
        shorter = differing(candidates)
        if shorter:
            text = min(shorter, key=len)
            parts = max(2, parts // 2)
        elif parts >= len(text):
            break
        else:
            parts = min(len(text), parts * 4, 256)
            if len(text) > 256 and parts == 256:
                break
    return text


def cuts(text, parts):
    """Returns the parts of a text, and the text without each of them."""
    ends = [len(text) * part // parts for part in range(parts + 1)]
    pieces = [text[start:end] for start, end in zip(ends, ends[1:])]
    rests = [text[:start] + text[end:] for start, end in zip(ends, ends[1:])]
    return list(dict.fromkeys(piece for piece in pieces + rests if piece and piece != text))


def smallest_rows(rows, differs):
    """Leaves rows out while the rest still differs."""
    parts = 2
    for _ in range(ROUNDS):
        if len(rows) < 2:
            break
        for start in range(0, len(rows), max(1, len(rows) // parts)):
            rest = rows[:start] + rows[start + max(1, len(rows) // parts) :]
            if rest and differs(rest):
                rows = rest
                break
        else:
            if parts >= len(rows):
                break
            parts *= 2
    return rows
