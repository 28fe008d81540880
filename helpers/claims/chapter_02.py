"""The claims of chapter 02, Weighted cross-entropy."""

from __future__ import annotations

from helpers.claims import Claim

CLAIMS: list[Claim] = []
