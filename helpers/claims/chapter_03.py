"""The claims of chapter 03, Manual weights."""

from __future__ import annotations

from helpers.claims import Claim

CLAIMS: list[Claim] = []
