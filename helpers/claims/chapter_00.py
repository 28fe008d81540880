"""The claims of chapter 00, Start here."""

from __future__ import annotations

from helpers.claims import Claim

CLAIMS: list[Claim] = []
