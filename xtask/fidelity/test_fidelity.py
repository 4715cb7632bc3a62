#!/usr/bin/env python3
"""Tests of what compares and what shrinks: a comparison that sees nothing would always pass."""

import unittest

from compare import differences
from programs import STATS, Outcome
from shrink import smallest_rows, smallest_text


def outcome(*rows, failed=(), error=None):
    return Outcome(rows=list(rows), failed=set(failed), error=error)


class Compared(unittest.TestCase):
    def found(self, ours, theirs):
        return [what for what, _ in differences(ours, theirs)]

    def test_the_same_is_the_same(self):
        row = {"id": 1, "text": "a", STATS: {"ratio": 0.30000000000000004}}
        other = {"id": 1, "text": "a", "more": None, "__dj__hash": "x", STATS: {"ratio": 0.3}}
        self.assertEqual(self.found(outcome(row), outcome(other)), [])
        self.assertEqual(self.found(outcome(error="refused"), outcome(error="ValueError")), [])

    def test_every_kind_of_difference_is_seen(self):
        one, two = {"id": 1, "text": "a"}, {"id": 2, "text": "b"}
        for ours, theirs, what in (
            (outcome(one), outcome(one, two), "kept by Data-Juicer alone"),
            (outcome(one, two), outcome(one), "kept by Coldpress alone"),
            (outcome(one, two), outcome(two, one), "the order differs"),
            (outcome(one), outcome(dict(one, text="b")), "`text` differs"),
            (outcome(one, one), outcome(one), "the number of records made of one"),
            (outcome(dict(one, **{STATS: {"n": 1}})), outcome(dict(one, **{STATS: {"n": 2}})), f"`{STATS}.n` differs"),
            (outcome(one, failed=[2]), outcome(one, two), "fails in Coldpress alone"),
            (outcome(one, two), outcome(one, failed=[2]), "fails in Data-Juicer alone"),
            (outcome(error="refused"), outcome(one), "Coldpress alone fails: refused"),
            (outcome(one), outcome(error="bad"), "Data-Juicer alone fails: bad"),
        ):
            self.assertEqual(self.found(ours, theirs), [what])


class Shrunk(unittest.TestCase):
    def test_what_does_not_matter_is_left_out(self):
        text = "x" * 500 + "needle" + "y" * 300
        self.assertEqual(smallest_text(text, lambda texts: [text for text in texts if "needle" in text]), "needle")
        rows = smallest_rows(list(range(50)), lambda rows: {7, 31} <= set(rows))
        self.assertEqual(rows, [7, 31])

    def test_a_text_that_cannot_be_cut_stays(self):
        self.assertEqual(smallest_text("ab", lambda texts: []), "ab")


if __name__ == "__main__":
    unittest.main()
