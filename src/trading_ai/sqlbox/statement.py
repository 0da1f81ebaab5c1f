"""What a statement names, read from the tree that DuckDB's own parser makes of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

TABLE_FUNCTIONS = frozenset({"range", "generate_series", "unnest"})
"""Functions that may stand in FROM besides the tables of the schema; all others are refused by name."""

MAX_DEPTH = 400
"""Deepest nesting of a statement's tree."""


class Refused(Exception):  # noqa: N818 - told to whoever asked, as a sentence
    """A statement that is not carried out; the message says why."""


@dataclass(frozen=True)
class Named:
    """What a statement names.

    Attributes:
        tables: tables with their id; None for the whole table. Names are lower case.
        words: every text in the tree, lower case: names of columns are among them.
        every_column: whether columns are meant that are not named one by one.
    """

    tables: tuple[tuple[str, str | None], ...]
    words: frozenset[str]
    every_column: bool


def named_in(tree: dict[str, Any], known: frozenset[str]) -> Named:
    """What a statement names.

    Args:
        tree: what ``json_serialize_sql`` made of it.
        known: tables of the schema.

    Raises:
        Refused: it is not one SELECT, or names what nobody may use.
    """
    if tree.get("error"):
        if tree.get("error_type") == "not implemented":
            raise Refused("must be one SELECT: nothing can be changed, and no settings, files or extensions are there")
        raise Refused(f"cannot be read: {tree.get('error_message', 'unknown error')}")
    statements = tree.get("statements", [])
    if len(statements) != 1:
        raise Refused(f"must be one SELECT (got {len(statements):,} statements)")
    tables: dict[tuple[str, str | None], None] = {}
    words: set[str] = set()
    aliases: set[str] = set()
    alone: set[str] = set()
    every = False
    for node, own in _nodes(statements[0]):
        words.update(value.lower() for value in node.values() if isinstance(value, str))
        words.update(v.lower() for value in node.values() if isinstance(value, list) for v in value if _is_text(v))
        kind = node.get("type")
        if kind == "STAR" or node.get("ref_type") == "NATURAL":
            every = True
        elif kind == "COLUMN_REF":
            if len(node["column_names"]) == 1:  # a row as a whole, where it is the name of a table
                alone.add(node["column_names"][0].lower())
        elif kind == "BASE_TABLE":
            found = _table(node)
            aliases |= {(node.get("alias") or found).lower(), found}
            if found not in own:
                tables[found, None] = None
        elif kind == "SHOW_REF" and not node.get("query"):
            raise Refused("must name a table: GET /api/v1/sql/schema and trading-ai sql --schema show what there is")
        elif kind == "TABLE_FUNCTION":
            name = str(node["function"]["function_name"]).lower()
            aliases |= {(node.get("alias") or name).lower(), name}
            if name in known:
                tables[name, _id(node["function"], name)] = None
            elif name not in TABLE_FUNCTIONS:
                raise Refused(f"names the function {name} as a table, which is not offered")
    return Named(tuple(tables), frozenset(words), every or bool(aliases & alone))


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _nodes(root: Any) -> Iterator[tuple[dict[str, Any], frozenset[str]]]:
    """Every object of a tree, with the names that WITH has given to parts of the statement where it stands.

    Without recursion: a statement may be nested as deep as it likes. A part does not see its own name, unless it is
    recursive, nor those of the parts behind it: there, the name is that of a table.
    """
    stack: list[tuple[Any, int, frozenset[str]]] = [(root, 0, frozenset())]
    while stack:
        node, depth, own = stack.pop()
        if depth > MAX_DEPTH:
            raise Refused("is nested too deep")
        if isinstance(node, dict):
            yield node, own
            entries = _ctes(node)
            for name, part in entries:
                stack.append((part, depth + 1, own))
                own |= {name}
            if node.get("cte_name"):
                own |= {str(node["cte_name"]).lower()}
            rest = (value for key, value in node.items() if not (entries and key == "cte_map"))
            stack.extend((value, depth + 1, own) for value in rest if isinstance(value, dict | list))
        elif isinstance(node, list):
            stack.extend((value, depth + 1, own) for value in node if isinstance(value, dict | list))


def _ctes(node: dict[str, Any]) -> list[tuple[str, Any]]:
    """Names and definitions of the parts that stand before a query, in order."""
    found = node.get("cte_map")
    entries = found.get("map", []) if isinstance(found, dict) else []
    return [(str(entry["key"]).lower(), entry["value"]) for entry in entries]


def _table(node: dict[str, Any]) -> str:
    """The name of a table.

    Raises:
        Refused: it lies in a schema or a catalog, where nothing of the user's is.
    """
    if node.get("schema_name") or node.get("catalog_name"):
        place = ".".join(filter(None, (node.get("catalog_name"), node.get("schema_name"), node["table_name"])))
        raise Refused(f"names {place}, which is not offered: tables have no prefix")
    return str(node["table_name"]).lower()


def _id(function: dict[str, Any], name: str) -> str:
    """The id in ``table('ID')``.

    Raises:
        Refused: there is none, or it is no text that stands there.
    """
    arguments = [a.get("expression", a) if isinstance(a, dict) else a for a in function.get("arguments", [])]
    if len(arguments) == 1 and arguments[0].get("type") == "VALUE_CONSTANT":
        literal = arguments[0].get("literal") or {}
        if literal.get("kind") == "STRING":
            return str(literal["text"])
    raise Refused(f"must give {name} one id as a text that stands there, such as {name}('latest')")
