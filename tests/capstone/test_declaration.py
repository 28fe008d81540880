"""What each column of a table is: roles, code, and what cannot be a declaration."""

import subprocess
import sys
from dataclasses import replace

import pytest

from helpers.capstone.declaration import Declaration, literal
from helpers.data.features import Dense, Sequence, Sparse


@pytest.mark.parametrize(
    "roles", [{"user": 0}, {"time": 0}, {"numbers": (3,)}, {"labels": {4: "binary"}}, {"lists": {5: "item"}}]
)
def test_a_name_that_is_no_text_is_refused_and_not_dropped(roles):
    with pytest.raises(TypeError, match=r"declaration: got the column|expected the name of one column, as text"):
        Declaration(**({"labels": {"click": "binary"}, "item": "item"} | roles))


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
    assert Declaration.of_roles(declaration.roles()) == declaration
    assert eval(declaration.code(), {"Declaration": Declaration}) == declaration
    with_list = Declaration({"click": "binary"}, item="video", lists={"seen": "video"})
    assert with_list.layout() == [Sparse("video"), Sequence("seen", of="video")]
    assert Declaration.of_roles(with_list.roles()) == with_list
    assert eval(with_list.code(), {"Declaration": Declaration}) == with_list


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"labels": {}, "user": "u"}, "labels: got {}"),
        ({"labels": {"click": "yes/no"}, "user": "u"}, r"labels\['click'\]: got 'yes/no'"),
        ({"labels": {"click": "binary"}}, "no feature"),
        ({"labels": {"click": "binary"}, "user": "u", "numbers": ("click",)}, "'click' in two roles"),
        ({"labels": {"click": "binary"}, "user": "u", "item": "u"}, "'u' in two roles"),
        ({"labels": {"click": "binary"}, "ids": ("i",), "lists": {"seen": "video"}}, r"lists\['seen'\]: got 'video'"),
    ],
)
def test_a_bad_declaration_is_named(arguments, words):
    with pytest.raises(ValueError, match=words):
        Declaration(**arguments)


def test_several_names_are_not_one_string():
    with pytest.raises(TypeError, match="numbers: got 'age'; expected several names"):
        Declaration({"click": "binary"}, numbers="age")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"numbers": None}, "numbers: got None; expected several names"),
        ({"lists": ("seen",)}, "lists: got tuple; expected {column: id column}"),
        ({"user": ("u",)}, "user: got tuple; expected the name of one column"),
    ],
)
def test_arguments_of_another_type_are_named(arguments, words):
    with pytest.raises(TypeError, match=words):
        Declaration({"click": "binary"}, **({"user": "u"} | arguments))


def test_roles_that_make_no_declaration_are_named():
    with pytest.raises(ValueError, match="2 columns that are user"):
        Declaration.of_roles({"a": "user", "b": "user", "c": "binary label"})
    with pytest.raises(ValueError, match="the list 'seen' without an item"):
        Declaration.of_roles({"seen": "list", "a": "user", "c": "binary label"})
    with pytest.raises(ValueError, match="roles: got no label; expected at least two columns that are a binary label"):
        Declaration.of_roles({"a": "user", "b": "number"})


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


def test_embeddings_have_the_width_that_is_asked_for(declaration):
    assert declaration.layout(3)[:2] == [Sparse("user_id", 3), Sparse("video", 3)]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: Declaration.of_roles({"a": "boss"}), "role of 'a': got 'boss'; expected one of 'user', 'item'"),
        (lambda: Declaration.of_roles({"a": "user"}), "roles: got no label"),
        (
            lambda: Declaration.of_roles({"a": "time", "b": "time"}),
            "roles: got 2 columns that are time; expected one",
        ),
        (
            lambda: Declaration.of_roles({"a": "item", "b": "item"}),
            "roles: got 2 columns that are item; expected one",
        ),
        (lambda: Declaration({"click": "binary"}, time="click", user="u"), "declaration: got 'click' in two roles"),
        (lambda: Declaration({"click": "binary"}, time="t"), "declaration: got no feature; expected at least one"),
    ],
)
def test_roles_that_do_not_fit_together_are_named(call, words):
    with pytest.raises(ValueError, match=f"^{words}"):
        call()


def test_group_and_weight_are_no_features(declaration):
    own = replace(declaration, group="day", weight="w", new_users=True)
    assert own.features() == declaration.features() and own.layout() == declaration.layout()
    assert own.columns() == [*declaration.columns(), "day", "w"]
    assert own.roles() == declaration.roles() | {"day": "group", "w": "weight"}
    assert Declaration.of_roles(own.roles(), new_users=True) == own
    assert (
        eval(own.code(), {"Declaration": Declaration}) == own
        and "new_users=True" in own.code()
        and "new_users" not in declaration.code()
    )


def test_rows_are_split_by_time_where_there_is_one_and_nothing_else_was_asked_for(declaration):
    assert declaration.by_time and not replace(declaration, time=None).by_time
    assert not replace(declaration, new_users=True).by_time


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"new_users": 1}, TypeError, "new_users: got int; expected True or False"),
        ({"new_users": True, "user": None}, ValueError, "new_users: got True without a user"),
        ({"group": "click"}, ValueError, "declaration: got 'click' in two roles"),
        ({"weight": 3}, TypeError, "weight: got int; expected the name of one column"),
    ],
)
def test_what_cannot_be_is_named(declaration, options, error, words):
    with pytest.raises(error, match=words):
        replace(declaration, **options)
