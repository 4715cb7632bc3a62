"""A few lines that stand in for a part of py-data-juicer, as far as Coldpress and the operators of the tests look at it."""
class Fields: stats, meta = "__dj__stats__", "__dj__meta__"
class StatsKeys: width, text_len = "word_widths", "text_len"
