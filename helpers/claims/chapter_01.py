"""The claims of chapter 01, Motivation."""

from __future__ import annotations

from helpers.claims import Claim

CLAIMS: list[Claim] = []
