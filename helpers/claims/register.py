"""Every claim of the course, in the order of the chapters."""

from helpers.claims import chapter_04

CLAIMS = [*chapter_04.CLAIMS]
