"""A shadow week: with drift of a known size it says what moved and to retrain, without any it says keep."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from helpers.capstone.comparison import _column_needs
from helpers.capstone.declaration import Declaration
from helpers.capstone.plan import MATTERS
from helpers.capstone.preparation import prepare, split
from helpers.capstone.ranker import Ranker
from helpers.capstone.shadow import CHANGE, KEEP, LEARNT, RETRAIN, SETTLE, SHIFT, STOP, shadow
from tests.capstone.logs import RECIPE

pytestmark = pytest.mark.slow  # rankers are trained
OWN = Declaration({"click": "binary", "like": "binary"}, "user", "item", time="time", served={"click": "score"})


def weeks(seed: int, drift: float = 0.0, level: float = 0.0, new: float = 0.0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Two weeks, and a third in which the appeal of items has turned by this much (0 to 1), labels are this much more
    likely (in logits), and this share of rows is of items that were never there."""
    rng = np.random.default_rng(seed)
    rows, last = 9_000, np.arange(9_000) >= 6_000
    user, item = rng.integers(0, 300, rows), rng.integers(0, 60, rows)
    item = np.where(last & (rng.random(rows) < new), item + 60, item)
    appeal, other = rng.normal(size=(2, 120))
    wish = np.where(last, (1 - drift) * appeal[item] + drift * other[item] + level, appeal[item])
    wish = wish + 0.7 * rng.normal(size=300)[user]
    frame = pd.DataFrame({"user": [f"u{k}" for k in user], "item": item})
    frame["time"] = 1_760_000_000 + np.sort(rng.integers(0, 21 * 86_400, rows))
    frame["score"] = 0.3 * wish + rng.normal(size=rows)
    for label, less in (("click", 0.5), ("like", 1.5)):
        frame[label] = (rng.random(rows) < 1 / (1 + np.exp(less - wish))).astype(int)
    return frame[~last], frame[last].reset_index(drop=True)


def ranker_of(log: pd.DataFrame) -> Ranker:
    """As `Comparison.ranker` makes it."""
    train, valid, test = split(OWN, prepare(OWN, log))
    first = Ranker(OWN.layout(), OWN.labels, replace(RECIPE, lr=0.01, epochs=12)).fit(train, valid, progress=False)
    ranker = first.refit(prepare(OWN, log), progress=False)
    ranker.check = first.evaluate(test, "user")
    return ranker


def judged(seed: int, **changes):
    log, later = weeks(seed, **changes)
    return shadow(ranker_of(log), OWN, log, later)


def test_where_nothing_has_changed_it_is_kept():
    found = [judged(seed) for seed in range(4)]
    assert [one.word for one in found] == [KEEP] * 4, [one.reasons for one in found]
    changes = found[0].numbers.query("what == @CHANGE").set_index("task")
    for task in OWN.labels:  # what is said of it would have left its whole interval below what matters
        fall = float(re.search(rf"{task} by (0\.\d+) G?AUC", found[0].reasons[0])[1])
        assert fall == pytest.approx(changes["value"][task] - changes["low"][task] + MATTERS["binary"], abs=1e-3)
    for one in found:  # and what fell, though it may be luck, is named
        fell = one.numbers[(one.numbers["what"] == CHANGE) & (one.numbers["value"] < -MATTERS["binary"])]["task"]
        named = one.reasons[0].partition(" fell,")[0]
        assert [task for task in OWN.labels if f"{task} (" in named] == fell.tolist()


@pytest.mark.parametrize("young", [0.2, 0.6])
def test_labels_that_had_no_time_to_come_are_settled_first(young):
    """A like comes days later: of the new rows the last have none yet, which says nothing of the ranker."""
    log, later = weeks(0)
    later["like"] *= np.arange(len(later)) < (1 - young) * len(later)
    found = shadow(ranker_of(log), OWN, log.sample(frac=1, random_state=0), later)
    assert found.word == SETTLE
    assert [r[:6] for r in found.reasons if "had it no time to come?" in r] == ["like: "]


def test_drift_of_a_known_size_is_named():
    """The appeal of items turns; labels become more likely; items are new."""
    turned = judged(0, drift=1.0)
    assert turned.word in (RETRAIN, STOP) and any("something new to learn" in said for said in turned.reasons)
    numbers = turned.numbers.set_index(["task", "what"])
    assert numbers.loc[("click", CHANGE), "high"] < -0.02 and numbers.loc[("click", LEARNT), "low"] > 0.01
    risen = judged(1, level=0.8)
    said = [said for said in risen.reasons if "on average, and" in said]
    assert risen.word == RETRAIN and len(said) == 2
    change = risen.numbers.set_index(["task", "what"]).loc[("click", SHIFT)]
    assert change["low"] > 0.05 and change["low"] < change["value"] < change["high"] < 0.25
    fresh = judged(2, new=0.4)
    assert fresh.word == RETRAIN and any(
        "of the rows have one of item that it does not know; 0% had" in said for said in fresh.reasons
    )


def test_rows_that_the_ranker_was_trained_on_are_refused_and_counted():
    log, later = weeks(0)
    ranker, timeless = ranker_of(log), replace(OWN, time=None)
    for own, rows, count in (
        (OWN, log, "6,000 of 6,000"),
        (OWN, pd.concat([log, later]), "6,000 of 9,000"),
        (timeless, log.sample(frac=1, random_state=0), "6,000 of 6,000"),
    ):
        with pytest.raises(ValueError, match=f"next: got {count} rows that are in the log or older than its last"):
            shadow(ranker, own, log, rows)
    assert shadow(ranker, timeless, log, later).word == KEEP


def test_rows_are_judged_that_could_not_be_divided():
    """A gap as long as a tenth of the new rows; a label that was asked for, and answered, in a few of them."""
    log, later = weeks(0)
    ranker, few = ranker_of(log), later.index.isin(later.index[later["like"] == 1][:4])
    found = shadow(ranker, replace(OWN, gap="2 days"), log, later)
    assert found.word == KEEP and 2_000 < found.rows < 2_300
    rare = later.assign(like=later["like"].where(few | (np.arange(len(later)) % 20 == 0) & (later["like"] == 0)))
    assert "like" in set(shadow(ranker, OWN, log, rare).numbers["task"])
    with pytest.raises(ValueError, match="next: got no row that is older than the gap of 30 days"):
        shadow(ranker, replace(OWN, gap="30 days"), log, later)


def test_ids_that_read_as_another_kind_are_those_of_the_log():
    """A guest among users that are numbers; items that are numbers, where the log has another one as well."""
    log, later = weeks(0)
    some = np.arange(len(log)) < 50
    log = log.assign(user=log["user"].str[1:].astype(int), item=log["item"].astype(str).mask(some, "old"))
    later["user"] = later["user"].str[1:].where(later.index % 50 > 0, "guest-7")
    found = shadow(ranker_of(log), OWN, log, later)
    assert found.rows == 3_000 and found.ids["now"].tolist() == pytest.approx([0.02, 0])


def test_a_promise_that_is_not_kept_is_named_with_the_column_behind_it():
    """A hint that was filled in after the click in half of the log, and tells nothing when a list is made."""
    rng = np.random.default_rng(0)
    log, later = (rows.assign(click=rows["click"] * (rng.random(len(rows)) < 0.2)) for rows in weeks(0))  # rare
    hints = (np.where(rng.random(len(log)) < 0.5, log["click"], 0.5), np.full(len(later), 0.5))
    log, later = (
        rows.assign(hint=hint + rng.normal(0, 0.2, len(rows))) for rows, hint in zip((log, later), hints, strict=True)
    )
    own = replace(OWN, numbers=("hint",))
    rows = prepare(own, log)
    train, valid, test = split(own, rows)
    ranker = Ranker(own.layout(), own.labels, replace(RECIPE, lr=0.01, epochs=12)).fit(train, valid, progress=False)
    ranker.check = ranker.evaluate(test, "user").join(_column_needs(ranker, own, test))
    found = shadow(ranker, own, log, later)
    (said,) = [reason for reason in found.reasons if "of a tenth of the rows it says" in reason]
    assert said.startswith("click: ") and "It needs hint most" in said and found.word != KEEP


def test_the_page_has_what_was_found_and_a_ranker_says_how_good_it_was(tmp_path):
    log, later = weeks(3)
    ranker = ranker_of(log)
    ranker.save(tmp_path / "ranker.pt")
    found = shadow(Ranker.load(tmp_path / "ranker.pt"), OWN, log, later)
    page = found.report("next.csv").page()
    assert "<b>Keep it.</b>" in page and "3,000 rows" in page
    for row in found.numbers.itertuples():
        assert f"<td class=n>{row.value:.3f}</td><td class=n>{row.low:.3f}</td><td class=n>{row.high:.3f}</td>" in page
    tenths = found.tenths[found.tenths["task"] == "click"]
    assert (tenths["rows"] == 300).all() and tenths["happened"].corr(tenths["predicted"]) > 0.9
    twice = pd.concat([later, later.assign(click=1 - later["click"])])
    assert shadow(ranker, OWN, log, twice).word == SETTLE
    ranker.check = None
    with pytest.raises(ValueError, match="ranker: got one that was never judged"):
        shadow(ranker, OWN, log, later)
