"""`trading-ai strategy ...`: strategies whose files workers fetch from the database."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import typer

from trading_ai.bootstrap import Application
from trading_ai.cli.arguments import AS_JSON
from trading_ai.cli.output import moment, print_json, say
from trading_ai.cli.tables import table
from trading_ai.documents.bundles import bundle_json
from trading_ai.documents.words import values_text
from trading_ai.errors import StateError, StrategyError
from trading_ai.strategies.bundle import Bundle

_BUNDLE = typer.Argument(..., metavar="BUNDLE", help="Its name, its hash, or the first 8 characters of that or more.")
_STRATEGY = "A .py file, file.py:ClassName, a robot's folder, a command's .toml"
_REQUIRES = typer.Option(
    [], "--requires", metavar="NAME[==VERSION]", help="A distribution that it needs besides what its imports tell."
)
_FILES = typer.Option([], "--file", metavar="PATTERN", help="More files, relative to its folder, such as data/*.csv.")


def publish(
    *,
    source: str = typer.Argument(
        ..., metavar="STRATEGY", help=f"{_STRATEGY}, an archive of `strategy pack`, or - for one on stdin."
    ),
    name: str = typer.Option("", help="What stands for it; the strategy's own name if left out."),
    requires: list[str] = _REQUIRES,
    file: list[str] = _FILES,
    as_json: bool = AS_JSON,
) -> None:
    """Keep a strategy's files in the database, from where workers fetch them; --strategy bundle:NAME runs it."""
    bundle = _bundle(source, requires, file, name)
    called = name or bundle.manifest.declared[0].name
    bundles = Application().bundles
    added = bundles.keep(bundle, called, time.time())
    record = bundles.record(bundle.bundle_hash)
    if as_json:
        print_json(bundle_json(record) | {"added": added})
        return
    n = len(bundle.contents)
    state = "published" if added else "was published before"
    say(f"bundle:{called} {state}: {n:,} file{'s' * (n > 1)}, {bundle.n_bytes:,} bytes, hash {bundle.bundle_hash}")
    for need in bundle.manifest.requirements:
        say(f"  needs {need}")
    say(f"Run it: trading-ai backtest run --strategy bundle:{called} --dataset latest")


def pack(
    *,
    source: str = typer.Argument(..., metavar="STRATEGY", help=f"{_STRATEGY}."),
    output: str = typer.Option(..., "--output", "-o", metavar="FILE", help="The archive, or - for stdout."),
    requires: list[str] = _REQUIRES,
    file: list[str] = _FILES,
) -> None:
    """Write a strategy's files as one archive, to be published elsewhere."""
    bundle = _bundle(source, requires, file, "")
    if output == "-":
        sys.stdout.buffer.write(bundle.pack())
        return
    Path(output).write_bytes(bundle.pack())
    say(f"{output}: {len(bundle.contents):,} files, hash {bundle.bundle_hash}")


def list_bundles(*, as_json: bool = AS_JSON) -> None:
    """List published strategies, newest first."""
    records = Application().bundles.all()
    if as_json:
        print_json([bundle_json(record) for record in records])
        return
    rows = (
        [
            r.bundle_hash[:12], ", ".join(r.names), ", ".join(each.name for each in r.manifest.declared),
            f"{len(r.manifest.files):,}", f"{r.n_bytes:,}", moment(r.published_at),
        ]
        for r in records
    )  # fmt: skip
    table("Published strategies", ("hash", "names", "strategies", "files", "bytes", "published"), rows, left=3)


def show(*, bundle: str = _BUNDLE, as_json: bool = AS_JSON) -> None:
    """Show a published strategy: files, requirements, parameters."""
    record = Application().bundles.record(bundle)
    if as_json:
        print_json(bundle_json(record))
        return
    say(f"hash       {record.bundle_hash}")
    say(f"names      {', '.join(record.names) or 'none'}")
    say(f"published  {moment(record.published_at)}")
    say(f"entry      {record.manifest.entry}")
    say(f"needs      {', '.join(record.manifest.requirements) or 'nothing that is installed'}")
    table("Files", ("path", "sha256"), ([p, d[:12]] for p, d in sorted(record.manifest.files.items())), left=2)
    for each in record.manifest.declared:
        say(f"{each.name}: {values_text({p.name: p.default for p in each.parameters})}")


def download(
    *,
    bundle: str = _BUNDLE,
    output: Path = typer.Option(..., "--output", "-o", metavar="FOLDER", help="A folder that does not exist yet."),
) -> None:
    """Write the files of a published strategy into a folder."""
    bundles = Application().bundles
    found = bundles.load(bundles.record(bundle).bundle_hash)
    if output.exists():
        raise StateError(f"{output} exists already: name a folder that does not")
    for path, content in found.contents.items():
        target = output / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    say(f"{output}: {len(found.contents):,} files")


def delete(*, bundle: str = _BUNDLE, as_json: bool = AS_JSON) -> None:
    """Delete a published strategy that no backtest uses."""
    found = Application().bundles.delete(bundle)
    if as_json:
        print_json({"hash": found, "deleted": True})
        return
    say(f"deleted bundle {found[:12]}")


def _bundle(source: str, requires: list[str], files: list[str], name: str) -> Bundle:
    """The bundle of what a user named."""
    if source == "-":
        data = sys.stdin.buffer.read()
        if data.startswith(b"PK"):
            return Bundle.unpack(data)
        with tempfile.TemporaryDirectory(prefix="trading-ai-stdin-") as folder:
            path = Path(folder) / f"{name or 'strategy'}.py"
            path.write_bytes(data)
            return _made(path, "", requires, files)
    place, _, class_name = source.rpartition(":") if ".py:" in source else (source, "", "")
    if place.endswith(".zip"):
        try:
            return Bundle.unpack(Path(place).read_bytes())
        except OSError as error:
            raise StrategyError(f"cannot be read: {error.strerror}", parameter="strategy", value=place) from None
    return _made(Path(place), class_name, requires, files)


def _made(path: Path, class_name: str, requires: list[str], files: list[str]) -> Bundle:
    from trading_ai.strategies.publishing import bundle_of  # noqa: PLC0415 - what lists them runs none

    return bundle_of(path, class_name, requires=requires, also=files)
