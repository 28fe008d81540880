"""Homework: how many of a chapter's exercises does a notebook solve?

    python -m tools.handin notebooks/03_manual_weights.ipynb    7 of 12, and a small file to hand in
    python -m tools.handin FOLDER                               a table of all notebooks in it, and the common mistakes

`sheets` reads what a student wrote; `marking` runs it against the checks in a process of its own; `worker` is that
process; `sandbox` is what it may not do.
"""
