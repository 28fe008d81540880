"""The claims of chapter 07, Explicit relations: ESMM.

Chosen before any result was seen: a CVR that is off by less than 5% of the truth, or an AUC that differs by less than
0.005, would change no decision.
"""

OFF, RANK = 0.05, 0.005
