"""Every kept table has a sample, and the sample trains to what the table keeps."""

import pytest

from helpers.lab import TABLES
from helpers.lab.reads import Reads


@pytest.mark.parametrize("name", TABLES)
def test_every_table_has_a_sample(name):
    assert TABLES[name].samples and all(sample.near for sample in TABLES[name].samples)


@pytest.mark.long
@pytest.mark.parametrize("name", TABLES)
def test_a_sample_of_every_table_trains_to_what_is_kept(name):
    """The same code on the same data: a different number means that the table is not what it says."""
    if TABLES[name].absent:
        pytest.skip(TABLES[name].absent)
    for sample in TABLES[name].samples:
        both = TABLES[name].retrained(sample)
        assert not sample.differing(both), f"\n{both.to_string()}"


READERS = [name for name in TABLES if TABLES[name].searches]
SEARCHES = {search for name in READERS for search in TABLES[name].searches}


@pytest.mark.parametrize("name", sorted(set(READERS) - SEARCHES))
def test_settings_are_chosen_on_seeds_of_which_no_result_is_told(name):
    chosen_on = {seed for search in TABLES[name].searches for seed in _seeds(search)}
    assert chosen_on.isdisjoint(_seeds(name)) and max(chosen_on, default=0) < 5000


def _seeds(name):
    return TABLES[name].settings.get(TABLES[name].seeds, ())


CHOICES = {
    (search, *chosen.by): chosen
    for name in READERS
    for chosen in Reads(TABLES[name].make, TABLES[name].settings).chosen
    for search in chosen.searches
}
# A method with nothing of its own to tune has the rates of the network alone, one expert has one shape, a small feed is
# read more often, and a model of two labels also chooses how they are weighted.
FEWER = {"00_ten_feed_tuning": {15, 45}, "05_tuning": {3, 18}, "05_candidates_tuning": {3, 18}}
FEWER |= {"05_told_tuning": {3, 18}, "05_ten_times_tuning": {3, 18}, "06_tuning": {5, 15}, "06_tuning_relu": {4, 12}}
FEWER |= {"06_tuning_kinds": {4, 12}, "06_tuning_seesaw": {4, 12}, "07_tuning": {14, 31}}
FEWER |= {"07_purchases_tuning": {12, 24}, "08_own_share_tuning": {3, 4}}


@pytest.mark.parametrize("key", CHOICES, ids=lambda key: key[0])
def test_all_that_is_compared_chose_among_as_many_settings(key):
    chosen, tried = CHOICES[key], TABLES[key[0]].read()
    counts = tried.drop_duplicates([*chosen.by, *chosen.setting]).groupby(chosen.by).size()
    assert counts.nunique() == 1 or set(counts) == FEWER.get(key[0])
