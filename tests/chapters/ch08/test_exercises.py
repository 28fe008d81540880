"""Chapter 08: the tables of its decision."""

from helpers.chapters.ch08 import exercises


def test_every_word_is_asked_for():
    assert {exercises.decision.right(*table) for table in exercises.TABLES} == set(exercises.WORDS)
