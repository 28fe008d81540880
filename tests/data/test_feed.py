"""The feed of the course: its files are what the generator writes, and what its card promises holds."""

import hashlib
import re
import tempfile
import time
from pathlib import Path

import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.tree import DecisionTreeRegressor

from helpers.data.feed import CANDIDATES, FOLDER, TOP, Feed, Offer, features, load, tables, write
from helpers.data.world import ACTIONS, World

CARD = FOLDER.parents[0] / "README.md"
NAMES = ["users", "videos", "impressions", "autoplay"]
NAMES += [f"truth/{name}" for name in NAMES]


@pytest.mark.slow
def test_the_committed_files_are_what_the_generator_writes():
    made = tables(World.make())
    assert list(made) == NAMES
    hidden = {column for name in NAMES[4:] for column in made[name]} - {"user", "video"}
    assert {"satisfaction", "bait"} <= hidden and not any(hidden & set(made[name]) for name in NAMES[:4])
    for name in NAMES:
        pd.testing.assert_frame_equal(load(name), made[name], rtol=1e-12)  # older pandas read the last bit otherwise
    assert sorted(path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.*")) == sorted(
        f"{name}.csv.gz" for name in NAMES
    )


def test_the_data_card_has_every_column_and_the_checksums():
    card = CARD.read_text(encoding="utf-8")
    for name in NAMES:
        (row,) = re.findall(rf"^\| `feed/{name}\.csv\.gz` \| ([\d,]+) \| `([0-9a-f]{{64}})` \|$", card, re.MULTILINE)
        assert row[0] == f"{len(load(name)):,}"
        assert row[1] == hashlib.sha256((FOLDER / f"{name}.csv.gz").read_bytes()).hexdigest()
        for column in load(name).columns:
            assert f"`{re.sub('^taste_.*', 'taste_TOPIC', column)}`" in card, f"{name}: {column}"


def test_satisfaction_shows_in_the_labels_and_is_no_function_of_them():
    """The best guess from all labels misses most of the variance; most satisfied users do nothing, and yet return."""
    table, truth = load("autoplay"), load("truth/autoplay")["satisfaction"]
    labels = table.drop(columns=["user", "video", "day", "position", "time"])
    train, test = slice(0, 40_000), slice(40_000, None)
    model = DecisionTreeRegressor(min_samples_leaf=200, random_state=0)
    assert 0.05 < model.fit(labels[train], truth[train]).score(labels[test], truth[test]) < 0.2
    assert labels.loc[truth > 0.8, list(ACTIONS)].any(axis=1).mean() < 0.2
    table, truth = load("impressions"), load("truth/impressions")["satisfaction"]
    mean = {label: truth[table[label] == 1].mean() for label in ("click", "finish", "like", "favourite")}
    assert mean["click"] + 0.03 < mean["finish"] and mean["finish"] + 0.05 < mean["like"] < mean["favourite"]
    played = table.assign(truth=truth)[table["click"] == 1]
    by_day = played.groupby(["user", "day"])[["truth", "return_next_day"]].mean()
    assert by_day.groupby("return_next_day")["truth"].mean().diff().iloc[-1] > 0.03


def test_equal_seeds_give_equal_files_that_are_read_back_as_they_were(tmp_path, monkeypatch):
    clock = iter(range(10**9, 2 * 10**9, 1000))
    monkeypatch.setattr(time, "time", lambda: next(clock))  # what gzip would note
    for folder, seed in (("a", 7), ("b", 7), ("c", 8)):
        made = tables(World.make(users=40, videos=60, seed=seed), days=3, seed=seed)
        write(tmp_path / folder, made)
    for name in NAMES:
        a, b, c = ((tmp_path / folder / f"{name}.csv.gz").read_bytes() for folder in "abc")
        assert a == b != c
        pd.testing.assert_frame_equal(load(name, tmp_path / "c"), made[name])
    for folder, words in (("c", "; expected one of .*"), ("none", "; .* are none ")):
        with pytest.raises(ValueError, match=f"^name: got 'labels'{words}.*python -m helpers.data.feed"):
            load("labels", tmp_path / folder)


def test_the_last_rows_in_time_validate():
    small, fitted = Feed.make(3, users=60, videos=80, days=4), features(60, 80)
    train, valid = small.examples(fitted, {"click": "click"}, rows=500)
    log = small.log.sort_values("time", kind="stable")
    assert (len(train), len(valid)) == (450, 50) and valid.groups is not None
    for part, rows in ((train, log[:450]), (valid, log[450:500])):
        assert part.labels["click"].tolist() == rows["click"].tolist()
        assert torch.equal(part.inputs["sparse"], fitted.transform(rows)["sparse"])
    with pytest.raises(ValueError, match=f"^rows: got 99999; expected at most {len(small.log)}"):
        small.examples(fitted, {"click": "click"}, rows=99_999)


def test_the_best_of_an_offer_are_served_to_each_user(monkeypatch):
    offer = Offer.make(Feed.make(3, users=20, videos=2 * CANDIDATES, days=1), users=5)
    assert len(offer.rows) == 5 * CANDIDATES and not offer.rows.duplicated(["user", "video"]).any()
    scores = offer.outcomes["appeal"]
    best = offer.outcomes.groupby(offer.rows["user"]).apply(lambda part: part.nlargest(TOP, "appeal"))
    pd.testing.assert_series_equal(offer.served(scores), best.mean(), check_exact=False)
    for wrong, words in ((scores[:-1], "shape"), (scores * float("nan"), f"{len(scores)} NaN")):
        with pytest.raises(ValueError, match=f"^scores: got .*{words}"):
            offer.served(wrong)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_any_damage_gives_a_table_or_the_one_error(data):
    """Bytes put in anywhere, or the end cut off: a table comes back, or the error that names the file."""
    with tempfile.TemporaryDirectory() as folder:
        write(folder, {"users": World.make(users=5, videos=5).users})
        path = Path(folder) / "users.csv.gz"
        whole = path.read_bytes()
        at = data.draw(st.integers(0, len(whole)))
        path.write_bytes(whole[:at] + data.draw(st.binary(max_size=8)) + data.draw(st.sampled_from([b"", whole[at:]])))
        try:
            assert isinstance(load("users", folder), pd.DataFrame)
        except ValueError as error:
            assert str(error).startswith("name: got users.csv.gz, which cannot be read")
