"""A first guess of what each column of a table is, with a reason, and as code to edit.

guesses = suggest(frame)
print(draft(guesses))
"""

import re

import numpy as np
import pandas as pd

from ..support import validate
from .declaration import BINARY, VECTOR, Declaration, literal
from .preparation import YES_NO, cut_tags, dates, of_day, vector_width, written

USERS = "(user|uid|member|customer|viewer|reader|listener|visitor|subscriber|reviewer|buyer)(id|no|nr|key)?"
USERS += "|.*(用户|客户|会员).*"
ITEMS = "(item|video|movie|product|article|photo|sku|asin|goods|ad|doc|news|song|track|clip|film|post|business)"
ITEMS += "(id|no|nr|key)?|.*(视频|商品).*"
IDS = f"author|brand|category|class|code|creator|group|segment|type|{USERS}|{ITEMS}"  # the last word of a name
CODES = r"(c|cat|categor[a-z]*)\d+|.*编号|.*(?<!b)(?<!pa)(?<!val)id"  # whole names: C14; bid, paid and valid are none
HAPPENED = "(click|lik|fav|buy|bought|purchas|order|conver|convert|conversion|follow|shar|forward|comment|cart|collect|"
HAPPENED += "install|download|subscrib|churn|finish|complet|view|watch|play|read|skip|hat|dislik|sav|open|paid|enter|"
HAPPENED += "visit|return|favourit|favorit|book|add|appli|tapp|rat|repli|vot|win)"
HAPPENED += "(e|s|es|d|ed|t|ing)?|label|target"  # the last word of a label's name
HAPPENED_ZH = "点击|点赞|收藏|购买|转化|关注|分享|评论|下单"
MOSTLY = 0.9  # of the rows; a number that is 0 or missing in more of them often comes from what happened afterwards
LOOKED_AT, SEVERAL = 1_000, 0.1  # texts, and the share of them that must have several ids
FEWEST_TIMES = 10  # with fewer different values a number does not order the rows of many days
DATE = r"\s*(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{4})(\D.*)?"  # of three parts, one the year
TIME_NAMES = {"time", "date", "timestamp", "datetime", "ts", "时间", "日期"}  # whole words of a name
NO_TIMES = {"count", "number", "spent", "zone", "value", "of"}  # beside "time" in a name: not when, but how much
AFTER = "(watch|play|dwell|stay)(ed)?(time|sec|ms|dur|min|$)|rating|revenue|completion"  # anywhere in a name
GROUP_NAMES = {"session", "sessionid", "searchid", "queryid", "requestid", "impressionid"}
EVENT_NAMES = {"event", "action", "behavior", "behaviour"}  # whole words of a name
WEIGHTS = {"weight", "sampleweight", "instanceweight", "importanceweight", "rowweight", "caseweight"}
TWO, TWO_WORDS = "two values; a label or, if known before, an id", "2 different words; if an outcome, a label"
SCARCE, LATE = "mostly 0 or missing; measured afterwards?", "measured afterwards? a label, never a feature"


def suggest(frame: pd.DataFrame) -> pd.DataFrame:
    """A first guess for each column: role, reason, an example. It reads names and values; you know what they mean."""
    validate.columns("frame", frame, [])
    guesses, taken = {}, set()
    users = next((frame[name] for name in frame if _is(str(name), USERS)), pd.Series(0, frame.index))
    first = {name: _guess(str(name), values) for name, values in frame.items()}
    times = [name for name, (role, _) in first.items() if role == "time"]
    finest = max(times, key=lambda name: frame[name].nunique(), default=None)
    for name, values in frame.items():
        role, reason = first[name]
        if (role == BINARY or reason in (TWO, TWO_WORDS)) and _fixed(values, users):
            role, reason = "id", "two values, and the same in all rows of a user"
        if role in ("id", "tags", "leave out") and (of := _ids_of(values, frame.drop(columns=[name]))):
            role, reason = "list", f"ids of {of}, several in a row"
        if name in times and name != finest:
            role, reason = "leave out", "another time"
        if role in ("user", "item", "group") and role in taken:
            role, reason = ("leave out" if role == "group" else "id"), f"another {role}"
        taken.add(role)
        seen = values.dropna()
        guesses[name] = {"role": role, "reason": reason, "example": str(seen.iloc[0]) if len(seen) else ""}
    return pd.DataFrame.from_dict(guesses, orient="index").rename_axis("column")


def draft(guesses: pd.DataFrame) -> str:
    """What `suggest` guessed as a declaration in Python, to copy and edit; a comment names what it leaves out, and what
    may be a label.

    Raises ValueError where the guesses make no declaration, as without any label.
    """
    validate.columns("guesses", guesses, ["role", "reason", "example"])
    roles, reasons = guesses["role"], guesses["reason"]
    if not roles.str.endswith("label").any():
        kinds = {TWO: "binary", LATE: "regression"}
        asked = {name: kinds[reason] for name, reason in reasons.items() if reason in kinds}
        cures = [f"perhaps labels={literal(asked)}"] if asked else []
        for name in roles.index[reasons == TWO_WORDS]:
            cures.append(f'perhaps frame["{name}"] = frame["{name}"] == "{guesses["example"][name]}"')
        for name in filter(lambda column: EVENT_NAMES & {*words_of(str(column))}, roles.index):
            more = "chapter 08, section 1, makes one row of all events of an impression"
            cures.append(f'if "{name}" says what happened, {more}')
        expected = "what happened after the impression, as 0 and 1, as yes and no, or as a number to predict"
        validate.fail("guesses", "no label", "; ".join([expected, *cures]))
    left, maybe = (
        ", ".join(literal(str(name)) for name in roles.index[rows])
        for rows in ((roles == "leave out") & (reasons != TWO), reasons == TWO)
    )
    code = f"declaration = {Declaration.of_roles(roles.to_dict()).code()}" + f"  # without {left}" * bool(left)
    return code + f"\n# of two values: labels, if outcomes; ids, if known before: {maybe}" * bool(maybe)


def _guess(name: str, values: pd.Series) -> tuple[str, str]:
    seen, compact, last = values.dropna(), letters(name), (words_of(name) or [""])[-1]
    texts = seen.head(LOOKED_AT).astype(str)
    if width := vector_width(seen.head(LOOKED_AT)):
        return f"{VECTOR}{width}", "as many numbers in a row"
    if any(isinstance(value, list | tuple | np.ndarray) for value in seen):
        return "tags", "lists; each of words or ids"
    if (distinct := seen.nunique()) < 2:
        return "leave out", "one value only"
    if is_date(name, values):
        return _time(values, "its values are dates")
    if of_day(seen.head(LOOKED_AT)):
        return "leave out", "a time of day, which without a date orders no rows"
    number = pd.api.types.is_numeric_dtype(values.dtype)
    two = set(seen.unique()) == {0, 1} if number else set(seen.astype(str).str.lower()) in map(set, YES_NO)
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
        if re.search(AFTER, compact):
            return "leave out", LATE
        words = set(words_of(name))
        if words & TIME_NAMES and not words & NO_TIMES and distinct >= min(FEWEST_TIMES, len(seen) / 2):
            return _time(values, "its name; numbers that may order the rows")
        if whole and len(seen) == len(values) and (values.diff()[1:] == 1).all():
            return "leave out", "the number of the row"
    else:
        if texts.str.fullmatch(r"\S+( \S+)+").mean() > 0.5 and re.search("hist|list|seq", compact):
            return "list", "ids with spaces between them"
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
        return _id(name, f"its name; {distinct:,} different whole numbers")
    if (values.isna() | (values == 0)).mean() > MOSTLY:
        return "leave out", SCARCE
    return "number", "whole numbers; if they are codes, an id" if whole else "numbers with decimals"


@validate.checked
def letters(name: str) -> str:
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
        return _dated(values.dropna())
    if re.fullmatch(f".*id|.*code.*|.*({USERS}).*|{ITEMS}", letters(name)):
        return False
    seen = values.dropna()
    return written(seen) is not None or dates(seen) is not None


def _dated(seen: pd.Series) -> bool:
    """Whether texts can be read as dates: of the first hundred nearly all."""
    texts = seen.astype(str).head(100)
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


def _fixed(values: pd.Series, users: pd.Series) -> bool:
    """Whether no user has both values, where most rows are of users with several."""
    by_user = values.groupby(users.to_numpy(), observed=True).agg(["nunique", "size"])
    several = by_user[by_user["size"] > 1]
    return several["size"].sum() > MOSTLY * len(values) and bool((several["nunique"] <= 1).all())


def _time(values: pd.Series, reason: str) -> tuple[str, str]:
    return ("leave out", "a time with gaps orders no rows") if values.isna().any() else ("time", reason)


def _id(name: str, reason: str) -> tuple[str, str]:
    return "user" if _is(name, USERS) else "item" if _is(name, ITEMS) else "id", reason


def _is(name: str, names: str) -> bool:
    return bool(re.fullmatch(names, letters(name)))


def _ids_of(values: pd.Series, others: pd.DataFrame) -> str:
    """The item column whose ids are in these texts, several of them in a good part of the texts; or nothing."""
    some = values.dropna().head(LOOKED_AT)
    lists = [value if isinstance(value, list | tuple | np.ndarray) else str(value).split() for value in some]
    if not lists or np.mean([len(row) > 1 for row in lists]) < SEVERAL:
        return ""
    parts = {str(part) for row in lists for part in row}
    for name, ids in others.items():
        if _is(str(name), ITEMS) and len(parts & set(ids.dropna().astype(str))) >= MOSTLY * len(parts):
            return str(name)
    return ""
