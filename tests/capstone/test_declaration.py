"""What each column of a table is: roles, code, and what cannot be a declaration."""

import subprocess
import sys
from dataclasses import replace

import pytest

from helpers.capstone.declaration import Declaration, literal
from helpers.data.features import Dense, Sequence, Sparse

ROLES = {"user_id": "user", "video": "item", "topic": "id", "duration": "number", "time": "time"}
ROLES |= dict.fromkeys(("click", "like"), "binary label")


def test_a_column_without_a_name_keeps_its_role():
    by_user = Declaration({"click": "binary"}, user="", item="item")
    by_time = Declaration({"click": "binary"}, item="item", time="")
    for own in (by_user, by_time):
        assert "" in own.columns() and eval(own.code(), {"Declaration": Declaration}) == own
    assert "" in by_user.features()


@pytest.mark.parametrize("quote", ["user's age", 'the "topic"', "a\\b", "两个'引号\""])
def test_code_holds_any_name(quote):
    own = Declaration({quote: "binary", "b": "regression"}, user="u", numbers=(quote + "2",))
    assert eval(own.code(), {"Declaration": Declaration}) == own


def test_a_declaration_gives_columns_roles_and_code(declaration):
    assert declaration.layout() == [Sparse("user_id"), Sparse("video"), Sparse("topic"), Dense("duration")]
    assert Declaration.of_roles(ROLES) == declaration
    assert eval(declaration.code(), {"Declaration": Declaration}) == declaration
    with_list = Declaration({"click": "binary"}, item="video", lists={"seen": "video"})
    assert with_list.layout() == [Sparse("video"), Sequence("seen", of="video")]
    assert Declaration.of_roles({"click": "binary label", "video": "item", "seen": "list"}) == with_list
    assert eval(with_list.code(), {"Declaration": Declaration}) == with_list


def test_code_reads_as_a_person_would_write_it():
    own = Declaration({"点击": "binary", "b": "regression"}, "u", ids=("a", "b2"), numbers=("c",), lists={"seen": "u"})
    lines = ["Declaration(", '    labels={"点击": "binary", "b": "regression"},', '    user="u",']
    lines += ['    ids=("a", "b2"),', '    numbers=("c",),', '    lists={"seen": "u"},', ")"]
    assert own.code() == "\n".join(lines) and literal(0.5) == "0.5"


def test_code_of_many_columns_has_a_line_for_each_as_ruff_would_write_it():
    many = tuple(f"a column with the number {k}" for k in range(6))
    own = Declaration(dict.fromkeys(many, "binary"), "u" * 100, ids=("a",), numbers=tuple(f"{name}." for name in many))
    assert eval(own.code(), {"Declaration": Declaration}) == own
    lines = own.code().splitlines()
    assert (
        '        "a column with the number 3": "binary",' in lines and '        "a column with the number 3.",' in lines
    )
    formatted = subprocess.run(
        [sys.executable, "-m", "ruff", "format", "--isolated", "-"], input=own.code(), capture_output=True, text=True
    )
    assert formatted.stdout.rstrip("\n") == own.code()


def test_group_and_weight_are_no_features(declaration):
    own = replace(declaration, group="day", weight="w", new_users=True)
    assert own.features() == declaration.features() and own.layout() == declaration.layout()
    assert own.columns() == [*declaration.columns(), "day", "w"]
    assert Declaration.of_roles(ROLES | {"day": "group", "w": "weight"}) == replace(own, new_users=False)
    assert (
        eval(own.code(), {"Declaration": Declaration}) == own
        and "new_users=True" in own.code()
        and "new_users" not in declaration.code()
    )


def test_rows_are_split_by_time_where_there_is_one_and_nothing_else_was_asked_for(declaration):
    assert declaration.by_time and not replace(declaration, time=None).by_time
    assert not replace(declaration, new_users=True).by_time


CLICK = {"labels": {"click": "binary"}, "user": "u"}


@pytest.mark.parametrize(
    ("make", "arguments", "words"),
    [
        (Declaration, {"labels": {}, "user": "u"}, "labels: got {}"),
        (Declaration, {"labels": {"click": "yes/no"}, "user": "u"}, r"labels\['click'\]: got 'yes/no'"),
        (Declaration, {"labels": {4: "binary"}, "user": "u"}, "declaration: got the column"),
        (Declaration, {"labels": {"click": "binary"}, "time": "t"}, "declaration: got no feature; expected at least"),
        (Declaration, CLICK | {"user": 0}, "user: got int; expected the name of one column, as text"),
        (Declaration, CLICK | {"user": ("u",)}, "user: got tuple; expected the name of one column"),
        (Declaration, CLICK | {"numbers": ("click",)}, "declaration: got 'click' in two roles"),
        (Declaration, CLICK | {"group": "click"}, "declaration: got 'click' in two roles"),
        (Declaration, CLICK | {"item": "u"}, "declaration: got 'u' in two roles"),
        (Declaration, CLICK | {"numbers": "age"}, "numbers: got 'age'; expected several names"),
        (Declaration, CLICK | {"numbers": (3,)}, "declaration: got the column"),
        (Declaration, CLICK | {"lists": ("seen",)}, "lists: got tuple; expected {column: id column}"),
        (Declaration, CLICK | {"lists": {"seen": "video"}}, r"lists\['seen'\]: got 'video'"),
        (Declaration, CLICK | {"new_users": 1}, "new_users: got int; expected True or False"),
        (Declaration, CLICK | {"new_users": True, "user": None, "item": "i"}, "new_users: got True without a user"),
        (Declaration, CLICK | {"weight": 3}, "weight: got int; expected the name of one column"),
    ],
)
def test_a_bad_declaration_is_named(make, arguments, words):
    with pytest.raises((TypeError, ValueError), match=f"^{words}"):
        make(**arguments)
