"""`trading-ai strategies`: what there is to run."""

from __future__ import annotations

import typer

from trading_ai.cli.arguments import AS_JSON
from trading_ai.cli.output import print_json, say, table


def list_strategies(
    name: str | None = typer.Argument(None, help="One strategy, or a file.py:Class; all of them if left out."),
    as_json: bool = AS_JSON,
) -> None:
    """List strategies with their parameters, bounds, defaults and units."""
    from trading_ai.engine.rules import EXIT_PARAMETERS  # noqa: PLC0415 - commands import what they need
    from trading_ai.strategies.registry import strategies, strategy  # noqa: PLC0415

    known = strategies() if name is None else {name: type(strategy(name))}

    def described(parameters: object) -> list[dict[str, object]]:
        assert isinstance(parameters, dict) or hasattr(parameters, "values")
        return [
            {
                "name": p.name, "kind": p.kind, "default": p.default, "min": p.low, "max": p.high, "step": p.step,
                "choices": list(p.choices) or None, "unit": p.unit, "description": p.description,
            }
            for p in parameters.values()
        ]  # fmt: skip

    def first_line(cls: type) -> str:
        return (cls.__doc__ or "").strip().partition("\n")[0]

    if as_json:
        print_json(
            {
                "strategies": [
                    {
                        "name": key,
                        "description": first_line(cls),
                        "rules": [f"{a} < {b}" for a, b in cls.rules],
                        "parameters": described(cls.parameters),
                    }
                    for key, cls in known.items()
                ],
                "exit_parameters": described(EXIT_PARAMETERS),
            }
        )
        return
    columns = ("parameter", "default", "min", "max", "unit", "description")

    def rows(parameters: object) -> list[list[str]]:
        return [
            [
                str(p["name"]), str(p["default"]), "" if p["min"] is None else f"{p['min']:,}",
                "" if p["max"] is None else f"{p['max']:,}", str(p["unit"]), str(p["description"]),
            ]
            for p in described(parameters)
        ]  # fmt: skip

    for key, cls in known.items():
        rule = "; ".join(f"{a} < {b}" for a, b in cls.rules)
        table(f"{key}: {first_line(cls)}" + (f" ({rule})" if rule else ""), columns, rows(cls.parameters))
    table("Every strategy also has these exits", columns, rows(EXIT_PARAMETERS))
    say("A strategy of your own: --strategy path/to/file.py:ClassName")
