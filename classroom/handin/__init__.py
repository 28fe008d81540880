"""Homework: how many of a chapter's exercises does a notebook solve?

    python -m classroom.handin notebooks/clinic.ipynb             12 of 16, why not the others, and a file to hand in
    python -m classroom.handin FOLDER                                 a table of all notebooks in it, common mistakes

`sheets` reads what a student wrote, `trees` says what in it is odd or a copy; `marking` runs it against the checks and
makes the tables; `walls` is what keeps it in; `worker` is the process behind them.
"""
