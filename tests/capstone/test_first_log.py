"""What ruins a first log is named, with its cure; an honest log meets no alarm."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from helpers.capstone.declaration import Declaration
from helpers.capstone.preparation import repeats
from helpers.capstone.table_checks import check
from tests.capstone.feeds import LABELS, START, declared, feed

ALARMS = ("a leak?", "repeat", "another answer", "no time to come", "meaning change")


def told(found, *words: str) -> dict[str, str]:
    return {p.column: p.sentence for p in found if any(word in p.sentence for word in words)}


def cold(seed: int) -> pd.DataFrame:
    """3,000 users and 3,000 items met at random: of 20,000 rows about 22 repeat another one by chance."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"user": rng.integers(0, 3_000, 20_000), "item": rng.integers(0, 3_000, 20_000)})
    return frame.assign(click=(rng.random(20_000) < 0.03) * 1, like=(rng.random(20_000) < 0.01) * 1, time=range(20_000))


COLD = Declaration(LABELS, "user", "item", time="time")


@pytest.mark.slow
def test_rows_that_repeat_by_chance_are_no_copies_however_rare_the_labels():
    found = [repeats(COLD, cold(seed)) for seed in range(40)]
    assert all(one.share > 0 for one in found) and not any(one.copies for one in found)


@pytest.mark.slow
def test_rows_that_were_sent_again_are_copies_and_few_of_them_are_no_reason_to_doubt():
    frame = cold(0)
    many = pd.concat([frame, frame.sample(frac=0.15, random_state=0)])
    (said,) = [p for p in check(COLD, many) if "repeat" in p.sentence]
    assert said.doubt and said.sentence.startswith("13% of the rows repeat an earlier one")
    few = pd.concat([frame, frame[frame["click"] == 1].head(100)])
    (said,) = [p for p in check(COLD, few) if "repeat" in p.sentence]
    assert not said.doubt and re.match(r"1[12]\d of the rows repeat an earlier one", said.sentence)


@pytest.mark.long
@pytest.mark.parametrize("drift", [0.15, 0.4])
@pytest.mark.parametrize("seed", range(12))
def test_an_honest_log_meets_no_alarm(seed, drift):
    """Items of few rows differ more than popular ones, so that honest numbers predict worse the more rows there are."""
    found = check(declared(), feed(seed, 3_000 if seed % 2 else 8_000, drift))
    assert not told(found, *ALARMS) and not any(problem.doubt for problem in found)


OWN = dict.fromkeys(("ctr_7d", "clicks_so_far"), "it moves towards 'click' of a row at the row itself")
OWN |= {"item_ctr_today": "it settles how many rows of one item"}


@pytest.mark.slow
@pytest.mark.parametrize("leak", [*OWN, "item_clicks", "user_clicks"])
def test_a_number_with_its_own_label_in_it_is_named_and_its_honest_twin_is_not(leak):
    problems = check(declared(leak), feed(0))
    found = told(problems, "a leak?")
    assert set(found) == {leak}
    assert OWN.get(leak, "the sum 'click' of") in repr(problems)


@pytest.mark.slow
@pytest.mark.parametrize("days", [5, 10])
def test_a_counter_as_of_the_end_of_its_export_is_named_and_one_as_of_the_export_before_is_not(days):
    """In each export all rows of an item have one count, the later clicks included. The log is a sample."""
    frame, rng = feed(0), np.random.default_rng(0)
    export, item = (frame["time"] - START) // (86_400 * days), frame["item"]
    clicks = np.zeros((30, item.max() + 1))
    np.add.at(clicks, (export, item), frame["click"])
    counts = {"own": 90 * clicks + rng.poisson(900, clicks.shape), "before": 9 * (clicks.cumsum(0) - clicks)}
    frame = frame.assign(**{name: count[export, item] for name, count in counts.items()})
    frame["planned"] = frame.groupby([export, item])["click"].transform("size")
    found = told(check(declared("own", "before", "planned"), frame), "a leak?")
    assert set(found) == {"own"} and "while it stays the same" in found["own"]


@pytest.mark.slow
def test_a_count_of_few_that_holds_the_row_s_own_label_is_asked_about_and_that_of_the_month_before_is_not():
    """Hotels that are booked a few times a month. Where the month's count is 0, no row of the month is booked."""
    rng, rows = np.random.default_rng(0), 30_000
    frame = pd.DataFrame({"user": rng.integers(0, 2_000, rows), "item": rng.integers(0, 1_500, rows)})
    often = 0.03 * rng.gamma(1.0, size=1_500)
    frame = frame.assign(click=rng.random(rows) < 0.1, time=np.sort(rng.integers(START, START + 86_400 * 28, rows)))
    frame["like"] = (rng.random(rows) < often[frame["item"]]) * 1
    before = rng.poisson(often * 20)  # rows of a hotel
    frame = frame.assign(own=frame.groupby("item")["like"].transform("sum"), before=before[frame["item"]])
    frame["rooms"] = rng.integers(0, 3, rows)
    own = Declaration(LABELS, "user", "item", numbers=("own", "before", "rooms"), time="time")
    found = [p for p in check(own, frame.astype({"click": int})) if p.column in own.numbers]
    assert {p.column for p in found if p.asked or p.doubt} == {"own"}
    noisy = frame.assign(own=frame["own"] + rng.poisson(0.8, 1_500)[frame["item"]])  # booked elsewhere, too
    (asked,) = [p for p in check(own, noisy.astype({"click": int})) if p.column == "own"]
    assert asked.asked and "rows in which it is 0 none has 'like'" in asked.sentence


@pytest.mark.slow
def test_a_rate_of_a_user_s_item_with_its_own_label_is_named_where_these_come_again():
    rng, rows = np.random.default_rng(0), 6_000
    frame = pd.DataFrame({"user": rng.integers(0, 40, rows), "item": rng.integers(0, 15, rows)})
    taste = rng.normal(size=(40, 15))[frame["user"], frame["item"]]
    for label, shift in (("click", 0.5), ("like", 2.0)):
        frame[label] = (rng.random(rows) < 1 / (1 + np.exp(shift - taste))).astype(int)
    pairs = frame.groupby(["user", "item"])["click"]
    before, shown = pairs.cumsum() - frame["click"], pairs.cumcount()
    frame = frame.assign(time=range(rows), honest=(before + 1) / (shown + 3), own=pairs.cumsum() / (shown + 1))
    found = told(check(Declaration(LABELS, "user", "item", numbers=("honest", "own"), time="time"), frame), "a leak?")
    assert set(found) == {"own"} and "the row of the same user and item before" in found["own"]


@pytest.mark.slow
def test_a_list_that_holds_the_row_s_own_item_is_named_and_a_history_is_not():
    frame = feed(0)
    past = frame.groupby("user")["item"].transform(
        lambda items: [" ".join(map(str, items[:k][-5:])) for k in range(len(items))]
    )
    again = past.where(np.random.default_rng(0).random(len(past)) > 0.1, past + " " + frame["item"].astype(str))
    own = (past + " " + frame["item"].astype(str)).where(frame["click"] == 1, past)
    for values, named in ((past, set()), (again, set()), (own, {"seen"})):
        found = told(check(declared(lists={"seen": "item"}), frame.assign(seen=values)), "a leak?")
        assert set(found) == named
    assert "where the row's own id is in it, the mean 'click' is" in found["seen"]


@pytest.mark.slow
def test_labels_that_had_no_time_to_come_are_named_and_the_cure_cures():
    """15% of rows are liked, of the last days 2%: a like comes days after the impression. When that began is said to
    the hour, in the time that the log has."""
    frame = feed(0, rare=0.16)
    late = pd.to_timedelta(START + 30 * 86_400 - frame["time"], unit="s") < pd.Timedelta(days=2.5)
    came = frame["like"] * (~late | (np.random.default_rng(0).random(len(frame)) < 0.15))
    found = check(declared(), frame.assign(like=came))
    (said,) = told(found, "no time to come").items()
    assert said[0] == "like" and 'declare gap="61 hours"' in said[1] and " from 2025-11-05 11:53 UTC on" in said[1]
    here = pd.to_datetime(frame["time"], unit="s", utc=True).dt.tz_convert("Asia/Shanghai")
    for times in (here, here.astype(str)):
        assert (
            " from 2025-11-05 19:53:42+08:00 on"
            in told(check(declared(), frame.assign(like=came, time=times)), "no time to come")["like"]
        )
    days = told(check(declared(), frame.assign(like=came, time=here.dt.date.astype(str))), "no time to come")["like"]
    assert " from 2025-11-05 on" in days and 'for gap="4 days"' in days  # a row of the first may be of its last hour
    assert [p.column for p in found if p.doubt] == ["like"]
    cured = check(declared(gap="3 days"), frame.assign(like=came)[~late])
    assert not told(cured, *ALARMS)
    steps = frame.assign(like=came, time=range(len(frame)))  # a time that is no date
    assert "from 5" in told(check(declared(), steps), "no time to come")["like"]


@pytest.mark.slow
@pytest.mark.parametrize(("share", "gets"), [(0.5, 0.1), (0.5, 0.97), (0.85, 0.97), (0.88, 0.1)])
def test_a_label_whose_meaning_changes_is_noted(share, gets):
    """From then on a click counts only if it was long, or each longer look counts as one."""
    frame = feed(0)
    later, luck = np.arange(len(frame)) >= share * len(frame), np.random.default_rng(0).random(len(frame))
    new = np.where(frame["click"] == 1, luck < 2 * gets, luck < 2 * gets - 1).astype(int)
    redefined = frame.assign(click=frame["click"].where(~later, new))
    (said,) = [problem for problem in check(declared(), redefined) if "its mean is" in problem.sentence]
    assert "did its meaning change? Then leave out the rows before" in said.sentence
    assert said.doubt == ("no time to come" in said.sentence) == (share == 0.88)
    when = re.search(r" from (.*) UTC on", said.sentence)[1]
    assert abs(pd.Timestamp(when).timestamp() - frame["time"][later].min()) < 86_400


@pytest.mark.parametrize(("delay", "doubted"), [(0.08, False), (0.1, True), (0.4, True)])
def test_labels_that_fade_out_slowly_are_named(delay, doubted):
    """A rare click comes long after the row; at the end of the log fewer and fewer have come."""
    frame = feed(0)
    frame["click"] *= np.arange(len(frame)) % 5 == 0
    age = 1 - np.arange(len(frame)) / len(frame)
    came = np.random.default_rng(1).random(len(frame)) < 1 - np.exp(-age / delay)
    (faded,) = [p for p in check(declared(), frame.assign(click=frame["click"] * came)) if "newest tenth" in p.sentence]
    assert faded.column == "click" and faded.doubt == doubted
    assert "had it no time to come? Then leave out the newest rows" in faded.sentence
    assert not told(check(declared(), frame), "in the newest tenth")


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["time", "group"])
def test_one_impression_stored_twice_with_two_answers_is_named_and_the_cure_cures(moment):
    """Logged at once with 0, and appended once more when the click has come."""
    frame = feed(0).assign(request=lambda f: np.arange(len(f)) // 3)
    first = frame[frame["click"] == 1].assign(click=0, like=0)
    twice = pd.concat([first, frame]).sort_index(kind="stable").reset_index(drop=True)
    own = declared() if moment == "time" else replace(declared(), time=None, group="request")
    (said,) = told(check(own, twice), "another answer").values()
    name = "time" if moment == "time" else "request"
    share = 2 * len(first) / len(twice)
    assert said.startswith(f"{share:.0%} of the rows have the user, item, {name} of another one, and another answer")
    cured = twice.drop_duplicates(["user", "item", name], keep="last")
    assert cured["click"].sum() == frame["click"].sum() and not told(check(own, cured), *ALARMS)


@pytest.mark.slow
def test_an_item_that_is_shown_twice_a_day_is_no_impression_stored_twice():
    """With days as times nobody can tell."""
    frame = feed(0)
    shown = pd.concat([frame, frame.sample(frac=0.2, random_state=0).assign(click=0, price=1.0)])
    shown = shown.assign(time=shown["time"] // 86_400 * 86_400)
    assert not told(check(declared(), shown), "another answer")


def test_two_carts_of_a_household_in_one_hour_are_two_impressions():
    frame = feed(0).assign(time=lambda f: f["time"] // 3_600 * 3_600)
    other = frame.sample(frac=0.2, random_state=0).assign(click=0, price=1.0)
    carts = pd.concat([frame.assign(cart=range(len(frame))), other.assign(cart=range(-len(other), 0))])
    assert told(check(declared(), carts), "another answer")
    assert not told(check(declared(group="cart"), carts), "another answer")


@pytest.mark.parametrize("share", [0.15, 0.3, 0.45])
def test_labels_of_up_to_half_of_a_new_file_that_have_not_come_are_named_and_a_decline_is_not(share):
    """Of a week its last days; also where likes only become fewer, or are few, as many days as you like."""
    rng, rows = np.random.default_rng(0), 6_000
    frame = pd.DataFrame({"user": rng.integers(0, 500, rows), "time": START + 100 * np.arange(rows)})
    age, luck = np.arange(rows) / rows, rng.random(rows)
    own = Declaration(LABELS, user="user", time="time")
    frame["click"] = (rng.random(rows) < 0.2) * 1
    (said,) = told(check(own, frame.assign(like=(luck < 0.1) * (age < 1 - share)), divided=False), ALARMS[3]).values()
    moment = frame["time"][age >= 1 - share].iloc[0]
    when = pd.Timestamp(re.search(r" from (.*) UTC on", said)[1]).timestamp()
    assert abs(when - moment) < 6_000 and "gap" not in said  # nothing is divided, only judged
    for likes in (0.1 * 4**-age, 0.005 + 0 * age):
        assert not told(check(own, frame.assign(like=(luck < likes) * 1), divided=False), *ALARMS[3:])


@pytest.mark.parametrize("days", [1.5, 3])
def test_a_gap_is_advised_where_the_log_can_take_it(days):
    """A tenth of 28 days is validated: two and a half of what is left."""
    rng, rows = np.random.default_rng(0), 6_000
    frame = pd.DataFrame({"user": rng.integers(0, 500, rows), "time": START + 403 * np.arange(rows)})
    late = frame["time"] > frame["time"].max() - 86_400 * days
    frame["click"], frame["like"] = (rng.random(rows) < 0.2) * 1, (rng.random(rows) < 0.1) * ~late
    own = Declaration(LABELS, user="user", time="time")
    said = told(check(own, frame), "no time to come")["like"]
    gap = re.search(r'gap="(.*?)"', said)[1]
    assert ("and declare gap" in said) != ("The rest is too short for gap" in said) == (days == 3)
    assert bool(check(replace(own, gap=gap), frame[~late]).stopping) == (days == 3)


@pytest.mark.parametrize(("copies", "doubted"), [(5, None), (30, False), (100, True)])
def test_rows_that_are_stored_twice_are_named_where_replays_hide_them(copies, doubted):
    """Of as many rows more the same impression is there again, a while later, with no answer."""
    frame, rng = feed(0), np.random.default_rng(0)
    some, replays = (frame.iloc[rng.choice(len(frame), count, replace=False)] for count in (copies, 200))
    replays = replays.assign(click=0, like=0, time=replays["time"] + 240)
    found = check(declared(), pd.concat([frame, some, replays], ignore_index=True))
    assert [p.doubt for p in found if "at the same time" in p.sentence] == [doubted] * (doubted is not None)


@pytest.mark.parametrize("tells", [True, False])
def test_that_two_columns_are_equal_may_tell_more_than_either(tells):
    """A topic, and what a user is interested in."""
    frame, rng = feed(0), np.random.default_rng(0)
    for column in ("topic", "interest"):
        frame[column] = rng.choice(["music", "news", "food", "sport", None], len(frame))
    if tells:
        frame["like"] = (rng.random(len(frame)) < np.where(frame["topic"] == frame["interest"], 0.1, 0.03)).astype(int)
    found = told(check(declared(ids=("topic", "interest")), frame), "where it equals interest")
    assert [*found] == ["topic"] * tells
    known = frame.assign(same=(frame["topic"] == frame["interest"]) * 1)
    assert not told(check(declared("same", ids=("topic", "interest")), known), "where it equals interest")
    assert not tells or re.search(r"the mean 'like' is 0\.1\d?, elsewhere 0\.0[23]", found["topic"])
