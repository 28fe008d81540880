"""The course as pages that need no network and no kernel: `python -m tools.site --out _site [NOTEBOOK ...]`.

A page opens from disk. Its cards are the saved ones (`template/cards.js`); formulas become MathML, which browsers draw
themselves. What JupyterLab folds is folded here as well. Each page is also its own slides (`template/projector.js`, key
P); a lesson plan is a page of the cells that it names (`decks.py`). The search needs no server (`template/search.js`),
and a chapter has a handout and a recap for paper.
"""
