"""Mutation tests of the engine, the metrics, the robustness checks and the ranking.

    make mutants MUTANTS_ARGS="--sample 200 --seed 1"

Without ``--sample`` every mutant is run, which takes hours. What is known is kept in a session file and not run
again while the module stays the same; ``--again`` runs the survivors again, after tests were added.
"""

from __future__ import annotations

import argparse
import math
import random
import sys
import time
from pathlib import Path

from tests.mutants import trial
from tests.mutants.areas import AREAS, PACKAGE, ROOT, Area
from tests.mutants.mutations import Mutant, by_place, mutants_of
from tests.mutants.session import Line, Session, change_of, explained

WANTED_PERCENT = 90.0


def _read(module: Path) -> str:
    return module.read_text(encoding="utf-8")


def _chosen(area: Area, sample: int, seed: int, only: str) -> tuple[list[Mutant], int]:
    """The mutants of an area to run, and how many there are of it."""
    every = [m for module in area.modules() for m in mutants_of(module, _read(module)) if only in str(module)]
    if not sample:
        return every, len(every)
    pick = random.Random(f"{area.name}:{seed}")
    places = by_place(every)
    chosen = pick.sample(places, min(sample, len(places)))
    return [pick.choice(place) for place in chosen], len(every)


def _limit_seconds(area: Area) -> int:
    """How long the tests of an area may take; they must pass on what was not mutated."""
    module = area.modules()[0]
    began = time.monotonic()
    outcome = trial.finish(*trial.start(module, _read(module), area.tests, 900), began)
    if outcome.is_killed:
        raise SystemExit(f"The tests of {area.name} fail before anything was mutated: {outcome.how}")
    return 10 + math.ceil(3 * outcome.seconds)


def _run(area: Area, mutants: list[Mutant], session: Session, n_processes: int) -> None:
    limit, running = _limit_seconds(area), list[tuple[Mutant, str, str, tuple[int, int], float]]()

    def settle() -> None:
        mutant, code, mutated, process, began = running.pop(0)
        outcome = trial.finish(*process, began)
        module = mutant.module.relative_to(PACKAGE).as_posix()
        change = change_of(code, mutated)
        key = mutant.key(code)
        session.add(
            Line(
                key,
                area.name,
                module,
                mutant.start[0],
                mutant.operator,
                change,
                outcome.is_killed,
                outcome.how,
                outcome.seconds,
            )
        )
        if not outcome.is_killed:
            print(f"{module}:{mutant.start[0]} {outcome.how}\n{change}\n", flush=True)  # noqa: T201

    for mutant in mutants:
        code = _read(mutant.module)
        mutated = mutant.source(code)
        began = time.monotonic()
        process = trial.start(mutant.module, mutated, area.tests_of(mutant.module), limit)
        running.append((mutant, code, mutated, process, began))
        if len(running) >= n_processes:
            settle()
    while running:
        settle()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--area", action="append", choices=[area.name for area in AREAS], help="all by default")
    parser.add_argument("--only", default="", help="only modules whose path contains this")
    parser.add_argument("--sample", type=int, default=0, help="places to mutate in each area; 0 for every mutant")
    parser.add_argument("--seed", type=int, default=1, help="of the sample")
    parser.add_argument("--processes", type=int, default=1, help="mutants at a time")
    parser.add_argument("--again", action="store_true", help="run those that survived again")
    parser.add_argument("--minutes", type=float, default=math.inf, help="stop beginning mutants after this long")
    parser.add_argument("--session", type=Path, default=ROOT / "build" / "mutants.jsonl", help="file of results")
    given = parser.parse_args()
    trial.prepare()
    session, known = Session(given.session), explained()
    ends = time.monotonic() + 60 * given.minutes
    table, is_good = [], True
    for area in AREAS:
        if given.area and area.name not in given.area:
            continue
        mutants, n_all = _chosen(area, given.sample, given.seed, given.only)
        keyed = [(m.key(_read(m.module)), m) for m in mutants]

        def is_open(key: str) -> bool:
            line = session.lines.get(key)
            return line is None or (given.again and not line.is_killed)

        left = [m for key, m in keyed if is_open(key)]
        for begin in range(0, len(left), 50):
            if time.monotonic() < ends:
                _run(area, left[begin : begin + 50], session, given.processes)
        lines = list(session.of(keyed))
        alive = [line for line in lines if not line.is_killed]
        same = sum((line.module, line.change) in known for line in alive)
        counted = len(lines) - same
        percent = 100.0 * (len(lines) - len(alive)) / counted if counted else math.nan
        is_good &= not percent < WANTED_PERCENT
        table.append((area.name, n_all, len(lines), len(lines) - len(alive), same, len(alive) - same, percent))
    print(f"{'area':12} {'mutants':>8} {'run':>6} {'killed':>7} {'explained':>10} {'survived':>9} {'killed %':>9}")  # noqa: T201
    for row in table:
        print("{:12} {:8} {:6} {:7} {:10} {:9} {:9.1f}".format(*row))  # noqa: T201
    return int(not is_good)


if __name__ == "__main__":
    sys.exit(main())
