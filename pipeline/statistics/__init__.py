"""The arithmetic of rates, comparisons and signals: numbers in, numbers out.

Nothing here reads a table, a setting or a clock. What cannot be computed is None, never NaN and
never an exception; an exception means that the caller asked for something without a meaning (a
negative count, a confidence of 2). A signal prompts a human, it is no verdict.

`scipy.special` and `scipy.optimize` are loaded by every run anyway; `scipy.stats` costs half a
second of every run that needs it, so its few lines stand here.
"""
