"""What a statement names, from trees as DuckDB's parser makes them."""

from __future__ import annotations

import pytest

from trading_ai.sqlbox.statement import Refused, named_in

KNOWN = frozenset({"trials", "bars", "datasets"})


def tree(*statements, **more):
    return {"error": False, "statements": [{"node": node} for node in statements], **more}


def base(name, alias="", **more):
    return {"type": "BASE_TABLE", "table_name": name, "alias": alias, "schema_name": "", "catalog_name": "", **more}


def function(name, *ids, alias=""):
    arguments = [
        {"name": "", "expression": {"type": "VALUE_CONSTANT", "literal": {"kind": "STRING", "text": text}}}
        for text in ids
    ]
    return {
        "type": "TABLE_FUNCTION", "alias": alias, "function": {"function_name": name, "arguments": arguments}
    }  # fmt: skip


def column(*names):
    return {"type": "COLUMN_REF", "column_names": list(names)}


def select(source, *columns, **more):
    return {"type": "SELECT_NODE", "select_list": list(columns), "from_table": source, **more}


def test_tables_ids_and_words() -> None:
    named = named_in(tree(select(function("Trials", "latest"), column("t", "Stop_Loss"))), KNOWN)
    assert named.tables == (("trials", "latest"),)
    assert "stop_loss" in named.words
    assert not named.every_column


@pytest.mark.parametrize(
    "node",
    [
        select(base("datasets"), {"type": "STAR"}),
        select(base("datasets", alias="d"), column("d")),
        select({"type": "JOIN", "ref_type": "NATURAL", "left": base("datasets"), "right": base("trials")}, column("x")),
    ],
)
def test_columns_that_are_not_named_are_meant_too(node) -> None:
    assert named_in(tree(node), KNOWN).every_column


def test_a_name_of_the_statement_itself_is_no_table() -> None:
    ctes = {"map": [{"key": "Best", "value": {"query_node": select(base("trials"), column("x"))}}]}
    assert named_in(tree(select(base("best"), column("x"), cte_map=ctes)), KNOWN).tables == (("trials", None),)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (tree(select(function("read_csv", "x"))), "read_csv"),
        (tree(select(base("tables", schema_name="information_schema"))), "information_schema.tables"),
        (tree(select(function("trials"))), "one id"),
        (tree(select(function("trials", "a", "b"))), "one id"),
        (tree({"type": "SHOW_REF", "query": None, "table_name": "tables"}), "schema"),
        (tree(), "0 statements"),
        (tree(select(base("trials")), select(base("trials"))), "2 statements"),
        ({"error": True, "error_type": "not implemented"}, "nothing can be changed"),
        ({"error": True, "error_type": "parser", "error_message": "at or near x"}, "at or near x"),
    ],
)
def test_what_nobody_may_is_refused(found, said) -> None:
    with pytest.raises(Refused, match=said):
        named_in(found, KNOWN)


def test_a_tree_as_deep_as_it_likes_is_refused() -> None:
    node = {"type": "LEAF"}
    for _ in range(100_000):
        node = {"child": node}
    with pytest.raises(Refused, match="too deep"):
        named_in(tree(node), KNOWN)


def cte(name, part):
    return {"key": name, "value": {"query_node": part}}


def test_a_part_that_is_called_like_a_table_hides_it_behind_itself_only() -> None:
    inner = select(base("trials"), column("x"))  # within its own definition, the name is the table's
    whole = select(base("trials"), column("x"), cte_map={"map": [cte("trials", inner)]})
    assert named_in(tree(whole), KNOWN).tables == (("trials", None),)
    harmless = select(base("datasets"), column("x"))
    hidden = select(base("trials"), column("x"), cte_map={"map": [cte("Trials", harmless)]})
    assert named_in(tree(hidden), KNOWN).tables == (("datasets", None),)
    beside = {"type": "JOIN", "left": {"type": "SUBQUERY", "subquery": hidden}, "right": base("trials")}
    assert set(named_in(tree(select(beside, column("x"))), KNOWN).tables) == {("datasets", None), ("trials", None)}


def test_parts_see_those_before_them_and_a_recursive_one_itself() -> None:
    parts = [cte("a", select(base("datasets"), column("x"))), cte("b", select(base("a"), column("x")))]
    assert named_in(tree(select(base("b"), column("x"), cte_map={"map": parts})), KNOWN).tables == (("datasets", None),)
    early = [cte("b", select(base("bars"), column("x"))), cte("bars", select(base("datasets"), column("x")))]
    found = named_in(tree(select(base("b"), column("x"), cte_map={"map": early})), KNOWN).tables
    assert set(found) == {("bars", None), ("datasets", None)}
    loop = {"type": "RECURSIVE_CTE_NODE", "cte_name": "trials", "left": select({}, column("x")),
            "right": select(base("trials"), column("x"))}  # fmt: skip
    own = select(base("trials"), column("x"), cte_map={"map": [cte("trials", loop)]})
    assert named_in(tree(own), KNOWN).tables == ()
