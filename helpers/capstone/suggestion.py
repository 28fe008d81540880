"""A first guess of what each column of a table is, with a reason, and as code to edit.

guesses = suggest(frame)
print(draft(guesses))
"""

import itertools
import re
from contextlib import suppress

import numpy as np
import pandas as pd

from ..support import validate
from .declaration import BINARY, REGRESSION, VECTOR, Declaration, literal
from .preparation import YES_NO, cut_tags, dates, dates_in_digits, moments, of_day, vector_width, with_signs

USERS = "(user|uid|member|customer|viewer|reader|listener|learner|student|player|visitor|subscriber|reviewer|buyer|"
USERS += "seeker|applicant|shopper|guest|client|passenger|rider)(id|no|nr|key|ref)?"
USERS += "|.*(用户|客户|会员).*"
ITEMS = "(item|video|movie|product|article|photo|sku|asin|goods|ad|doc|news|song|track|clip|film|post|business|job|"
ITEMS += "offer|recipe|listing|hotel|restaurant|course|lecture)(id|no|nr|key|ref)?|.*(视频|商品).*"
IDS = f"author|brand|category|class|code|creator|group|id|key|no|nr|ref|segment|type|{USERS}|{ITEMS}"  # the last word
CODES = r"(c|cat|categor[a-z]*)\d+|.*编号|.*nummer|.*(?<!b)(?<!pa)(?<!val)id"  # C14; no bid, paid or valid
HAPPENED = "(click|lik|fav|buy|bought|purchas|order|conver|convert|conversion|follow|shar|forward|comment|cart|collect|"
HAPPENED += "install|download|subscrib|churn|finish|complet|view|watch|play|read|skip|hat|dislik|sav|open|paid|enter|"
HAPPENED += "visit|return|favourit|favorit|book|add|appli|tapp|rat|repli|vot|win|skipp|upvot|downvot|interview|hir|"
HAPPENED += "request|report|unsubscrib|unfollow)(e|s|es|d|ed|t|ing)?|label|target"  # the last word of a label's name
HAPPENED_ZH = "点击|点赞|收藏|购买|转化|关注|分享|评论|下单|成交|完播|举报"
PLACES = {"position", "pos", "rank", "slot", "place", "platz", "rang"}  # whole words of a name
MOSTLY = 0.9  # of the rows; a number that is 0 or missing in more of them often comes from what happened afterwards
LOOKED_AT, SEVERAL = 1_000, 0.1  # texts, and the share of them that must have several ids
FEWEST_TIMES = 10  # with fewer different values a number does not order the rows of many days
MONTH = r"(\d{1,2}|(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*)"
DATE = rf"\s*(\d{{4}}[-/. ]{MONTH}[-/. ]\d{{1,2}}|\d{{1,2}}[-/. ]{MONTH}[-/. ](\d{{4}}|\d\d(?= +\d?\d:)))(\D.*)?"
TIME_NAMES = {"time", "date", "timestamp", "datetime", "ts", "时间", "日期"}  # whole words of a name
NO_TIMES = {"count", "number", "spent", "zone", "value", "of", "budget", "limit"}  # beside "time": not when: how much
AFTER = "(watch|play|dwell|stay|listen|view|read)(ed)?(time|sec|ms|dur|min|$)|(?<!ope)rating|"  # anywhere in a name
AFTER += "(watch|play|listen|view|read)eds$|revenue|completion|停留|(观看|播放|收听|阅读)(时|秒|进度)"
MEANS = {"avg", "average", "mean", "past", "prior"}  # beside "rating" in a name: of what was before
KINDS = {"bool", "flag", "yn"}  # the last word of a name, that says nothing of what it is
BY_LOT = {"random", "randomized", "randomised", "shuffled"}  # words of a name: how a list came about
GROUP_NAMES = {"session", "sessionid", "searchid", "queryid", "requestid", "impressionid"}
EVENT_NAMES = {"event", "action", "behavior", "behaviour"}  # whole words of a name
WEIGHTS = {"weight", "sampleweight", "instanceweight", "importanceweight", "rowweight", "caseweight"}
TWO, TWO_WORDS = "two values; a label or, if known before, an id", "2 different words; if an outcome, a label"
SCARCE, LATE = "mostly 0 or missing; measured afterwards?", "measured afterwards? a label, never a feature"
WHOLE, SIGNS = "whole numbers; if they are codes, an id", "numbers with a sign for thousands, or of a unit?"
ANOTHER_TIME, ALL_DIFFER = "another time", "another number in each row"
PLACE, BY_VALUES = "the place in a list, unknown before it is made?", "by its values alone: each in several rows"
UNIT = "[$€£¥￥元万%]"  # before or after a number, which then is a text
SOON = 0.02  # of the time of a log
FEW_IDS, SAMPLED = 20, 500  # different values, from which on a column may be the user; and those of them looked at


def suggest(frame: pd.DataFrame) -> pd.DataFrame:
    """A first guess for each column: role, reason, an example. It reads names and values; you know what they mean.
    Where nothing surely is a label, whatever may be one is guessed to be one."""
    validate.columns("frame", frame, [])
    guesses, taken = {}, set()
    first = {name: _guess(str(name), values) for name, values in frame.items()}
    first |= _by_values(frame, first)
    ids = {role: frame[name] for name, (role, _) in reversed(first.items()) if role in ("user", "item")}
    times = [name for name, (role, _) in first.items() if role == "time"]
    finest = max(times, key=lambda name: frame[name].nunique(), default=None)
    for name, values in frame.items():
        role, reason = first[name]
        two = role == BINARY or (reason in (TWO, TWO_WORDS) and role not in ids)
        if (two or reason == PLACE) and (of := next((of for of in ids if _is_fixed(values, ids[of])), None)):
            role, reason = ("id", f"two values, and the same in all rows of {of}") if two else ("number", WHOLE)
        if role in ("id", "tags", "leave out") and "item" in ids and _ids_of(values, ids["item"]):
            role, reason = "list", f"ids of {ids['item'].name}, several in a row"
        if role == "list" and "item" not in ids:
            role = "tags"
        if name in times and name != finest:
            role, reason = "leave out", ANOTHER_TIME
        if role in ("user", "item", "group") and role in taken:
            role, reason = ("leave out" if role == "group" else "id"), f"another {role}"
        taken.add(role)
        seen = values.dropna()
        guesses[name] = {"role": role, "reason": reason, "example": str(seen.iloc[0]) if len(seen) else ""}
    found = pd.DataFrame.from_dict(guesses, orient="index").rename_axis("column")
    if not found["role"].str.endswith("label").any():
        found["role"] = found["role"].mask(found["reason"] == TWO, BINARY).mask(found["reason"] == LATE, REGRESSION)
    return found


def _by_values(frame: pd.DataFrame, first: dict[str, tuple[str, str]]) -> dict[str, tuple[str, str]]:
    """The user and the item where no name says it: of the ids that come again and that no other id settles, as a show
    settles its author, those with the most values. The user's rows lie together, or the column comes first. What
    settles another id and is over soon is a session, and its rows are a group."""
    missing = [role for role in ("user", "item") if not any(role == known for known, _ in first.values())]
    counts = {name: frame[name].nunique() for name, (role, _) in first.items() if role in ("user", "item", "id")}
    counts = {name: count for name, count in counts.items() if FEW_IDS <= count <= len(frame) / 2}
    settles, found, order = {}, {}, [*counts]
    for one in counts:
        some = frame[frame[one].isin(frame[one].drop_duplicates()[:SAMPLED])]
        most = some.groupby(one, observed=True)[order].nunique().max()
        settles[one] = {other for other in counts if other != one and most[other] == 1}
    times = [name for name, (role, _) in first.items() if role == "time"]
    with suppress(ValueError):  # a time that no rule for day and month fits
        moment = moments(str(times[0]), frame[times[0]]) if times else pd.Series(0, frame.index)
        for one in [name for name in counts if settles[name] and first[name][0] == "id"]:
            spans = moment.groupby(frame[one].to_numpy(), observed=True).agg(np.ptp)
            if spans.median() < SOON * np.ptp(moment):
                found[one] = "group", BY_VALUES
                del counts[one], settles[one]
    free = [name for name in counts if first[name][0] == "id"]
    for one, other in itertools.permutations(counts, 2):  # of two that settle each other, a name and its number, one
        earlier = order.index(one) < order.index(other) or first[one][0] != "id"
        if other in free and other in settles[one] and (one not in settles[other] or earlier):
            free.remove(other)
    free = sorted(free, key=counts.get, reverse=True)[: len(missing)]
    if len(free) == len(missing):  # one column alone may be either
        free = sorted(free, key=lambda name: (-round(_together(frame[name]), 1), order.index(name)))
        found |= {name: (role, BY_VALUES) for role, name in zip(missing, free, strict=True)}
    return found


def _together(values: pd.Series) -> float:
    """How much more often than by chance a row has the value of the row before."""
    same = (values.to_numpy()[1:] == values.to_numpy()[:-1]).mean()
    return float(same - (values.value_counts(normalize=True) ** 2).sum())


def draft(guesses: pd.DataFrame) -> str:
    """What `suggest` guessed as a declaration in Python, to copy and edit; comments name what it leaves out, and what
    may be a label. Where nothing may be, the declaration has a label "…", to be replaced."""
    validate.columns("guesses", guesses, ["role", "reason", "example"])
    roles, reasons, said = guesses["role"], guesses["reason"], []
    labels = roles.str.endswith("label")
    if not (labels & ~reasons.isin([TWO, LATE])).any():
        said = ["No column is surely a label, which is what happened after a row was shown, as 0 and 1, as yes and no,"]
        said += ["or as a number to predict. Keep of these labels those that are; the rest are ids, or are left out."]
        for name in roles.index[reasons == TWO_WORDS]:
            said.append(f'If "{name}" is one, write 1 and 0 in the file for its words, 1 for the one that means yes.')
        for name in filter(lambda column: EVENT_NAMES & {*words_of(str(column))}, roles.index):
            said.append(f'If "{name}" says what happened, chapter 08, section 1, makes one row of all its events.')
    out = [roles.index[(roles == "leave out") & rows] for rows in (reasons != TWO, reasons == TWO)]
    left, maybe = (", ".join(literal(str(name)) for name in names) for names in out)
    roles = roles.to_dict() | ({} if labels.any() else {"…": BINARY})
    code = f"declaration = {Declaration.of_roles(roles).code()}" + f"  # without {left}" * bool(left)
    said += [f"of two values: labels, if outcomes; ids, if known before: {maybe}"] * bool(maybe)
    return "\n# ".join([code, *said])


def _guess(name: str, values: pd.Series) -> tuple[str, str]:
    seen, compact, words = values.dropna(), _letters(name), {*words_of(name)}
    last = ["", *(word for word in words_of(name) if word not in KINDS)][-1]
    texts = seen.head(LOOKED_AT).astype(str)
    number = pd.api.types.is_numeric_dtype(values.dtype)
    signs = not number and texts.str.fullmatch(rf"{UNIT}? ?-?\d{{1,3}}([.,]?\d{{3}})*([.,]\d+)? ?{UNIT}?").mean() > 0.5
    signs = signs and texts.str.contains(rf"\d[.,]\d{{3}}|{UNIT}").any()  # 32.309,16 is no vector of two
    if not signs and (width := vector_width(seen.head(LOOKED_AT))):
        return f"{VECTOR}{width}", "as many numbers in a row"
    if any(isinstance(value, list | tuple | np.ndarray) for value in seen):
        return "tags", "lists; each of words or ids"
    if (distinct := seen.nunique()) < 2:
        return "leave out", "one value only"
    if is_date(name, values):
        return _time(values, "its values are dates")
    if of_day(seen.head(LOOKED_AT)):
        return "leave out", "a time of day, which without a date orders no rows"
    two = set(seen.unique()) == {0, 1} if number else set(seen.astype(str).str.lower()) in map(set, YES_NO)
    if two and words & BY_LOT:
        return "leave out", "how a list was made, which nobody knows of the next"
    if two and (re.fullmatch(HAPPENED, last) or re.search(HAPPENED_ZH, name)):
        return BINARY, f"{'0 and 1' if number else 'yes and no'}; if known before the impression, an id"
    if two:
        return "leave out", TWO
    whole, scarce = number and bool((seen % 1 == 0).all()), values.isna().mean() > MOSTLY
    if number:
        if set(seen.unique()) == {-1, 1}:
            return "leave out", "−1 and 1; a label must be 0 and 1"
        if compact in WEIGHTS and (seen >= 0).all():
            return "weight", "its name; how much a row counts in training"
        if re.search(AFTER, compact) and not words & MEANS:
            return "leave out", LATE
        if words & TIME_NAMES and not words & NO_TIMES and distinct >= min(FEWEST_TIMES, len(seen) / 2):
            return _time(values, "its name; numbers that may order the rows")
        if whole and len(seen) == len(values) and (values.diff()[1:] == 1).all():
            return "leave out", "the number of the row"
    else:
        if texts.str.fullmatch(r"\S+( \S+)+").mean() > 0.5 and re.search("hist|list|seq", compact):
            return "list", "ids with spaces between them"
        if signs:
            return "leave out", SIGNS
        if several := _several(seen):
            return "tags", several
        if distinct > len(seen) / 2:
            return "leave out", f"text, different in {distinct:,} rows"
    if compact in GROUP_NAMES and not (number and (not whole or distinct == len(seen))):
        return "group", "its name; its rows belong together, and it is no feature"
    if scarce:
        return "leave out", SCARCE
    if not number:
        return _id(name, TWO_WORDS if distinct == 2 else f"{distinct:,} different words")
    if whole and (re.fullmatch(CODES, compact) or re.fullmatch(IDS, last) or re.fullmatch(IDS, compact)):
        found = _id(name, f"its name; {distinct:,} different whole numbers")
        return ("leave out", ALL_DIFFER) if found[0] == "id" and distinct == len(values) > LOOKED_AT else found
    if (values.isna() | (values == 0)).mean() > MOSTLY:
        return "leave out", SCARCE
    if whole and (PLACES & words or re.search("位置|排名", name)):
        return "leave out", PLACE
    return "number", WHOLE if whole else "numbers with decimals"


def _letters(name: str) -> str:
    """A name in small letters and figures alone: of "User ID", "user_id" and "userId" userid."""
    return re.sub(r"[\W_]+", "", name.lower())


@validate.checked
def words_of(name: str) -> list[str]:
    """The whole words of a name: of "lastSeen_at" last, seen and at."""
    return re.findall(r"[^\W\d_]+", re.sub(r"([a-z])([A-Z])", r"\1 \2", name).lower())


@validate.checked
def is_date(name: str, values: pd.Series) -> bool:
    """Whether a column is of a type for dates, or its texts are dates, or its whole numbers are and its name says
    nothing else."""
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        return True
    if values.isna().all():
        return False
    if not pd.api.types.is_numeric_dtype(values.dtype):
        return _are_dates(values.dropna())
    if re.fullmatch(f".*id|.*code.*|.*({USERS}).*|{ITEMS}", _letters(name)):
        return False
    seen = values.dropna()
    return dates_in_digits(seen) is not None or dates(seen) is not None


def _are_dates(seen: pd.Series) -> bool:
    """Whether texts can be read as dates: of the first hundred nearly all."""
    texts = with_signs(seen.astype(str).head(100))
    if texts.str.fullmatch(DATE).mean() <= MOSTLY:
        return False
    options = {"errors": "coerce", "utc": True, "format": "mixed"}
    return any(pd.to_datetime(texts, dayfirst=first, **options).notna().mean() > MOSTLY for first in (False, True))


def _several(seen: pd.Series) -> str:
    """In words, if texts look like several tags each: some have a sign between parts, and parts come again."""
    texts = pd.Series(seen.head(LOOKED_AT).astype(str).unique(), name="tags")
    listed = texts.str.startswith("[").all()
    if not listed and texts.str.contains(r"[|;,]").mean() < SEVERAL:
        return ""
    try:
        tags = {tag for row in cut_tags(texts) for tag in row}
    except ValueError:
        return ""
    return f"{len(tags):,} different tags, several in a row" if listed or len(tags) < len(texts) / 2 else ""


def _is_fixed(values: pd.Series, ids: pd.Series) -> bool:
    """Whether no user, or item, has two values, where most rows are of those with several rows."""
    known = values.groupby(ids.to_numpy(), observed=True).agg(["nunique", "size"])
    several = known[known["size"] > 1]
    return several["size"].sum() > MOSTLY * len(values) and bool((several["nunique"] <= 1).all())


def _time(values: pd.Series, reason: str) -> tuple[str, str]:
    return ("leave out", "a time with gaps orders no rows") if values.isna().any() else ("time", reason)


def _id(name: str, reason: str) -> tuple[str, str]:
    known = (role for role, names in (("user", USERS), ("item", ITEMS)) if re.fullmatch(names, _letters(name)))
    return next(known, "id"), reason


def _ids_of(values: pd.Series, ids: pd.Series) -> bool:
    """Whether these texts are ids of the item, several of them in a good part of the texts."""
    some = values.dropna().head(LOOKED_AT)
    lists = [value if isinstance(value, list | tuple | np.ndarray) else str(value).split() for value in some]
    if values.name == ids.name or not lists or np.mean([len(row) > 1 for row in lists]) < SEVERAL:
        return False
    parts = pd.Series([str(part) for row in lists for part in row])
    return parts.isin(ids.dropna().astype(str)).mean() >= MOSTLY  # of different ones a number in a title may be most
