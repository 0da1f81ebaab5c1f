"""A published strategy as JSON."""

from __future__ import annotations

from typing_extensions import TypedDict

from trading_ai.documents.forms import form, iso
from trading_ai.documents.strategies import Strategy, strategy_json
from trading_ai.optimization.bundles import BundleRecord
from trading_ai.strategies.bundled import PREFIX, Unopened


@form()
class BundleFile(TypedDict):
    """A file of a published strategy.

    Attributes:
        path: where it lies in the bundle.
        sha256: SHA-256 of its content, hex.
    """

    path: str
    sha256: str


@form()
class PublishedStrategy(TypedDict):
    """A published strategy.

    Attributes:
        hash: its id, the SHA-256 of all that it holds, hex.
        names: names that stand for it now.
        published_at: when it first was published, ISO 8601, UTC.
        size: bytes of its files together.
        entry: the file that is run, or "." for the folder.
        files: its files.
        requirements: distributions that it needs, name==version or name.
        strategies: what can be run of it, with the parameters.
    """

    hash: str
    names: list[str]
    published_at: str
    size: int
    entry: str
    files: list[BundleFile]
    requirements: list[str]
    strategies: list[Strategy]


def bundle_json(record: BundleRecord) -> PublishedStrategy:
    """A published strategy with what it holds and declares; none of its code is run."""
    manifest, one = record.manifest, len(record.manifest.declared) == 1
    called = PREFIX + (record.names[0] if record.names else record.bundle_hash)
    return {
        "hash": record.bundle_hash,
        "names": list(record.names),
        "published_at": iso(record.published_at),
        "size": record.n_bytes,
        "entry": manifest.entry,
        "files": [{"path": path, "sha256": manifest.files[path]} for path in sorted(manifest.files)],
        "requirements": list(manifest.requirements),
        "strategies": [
            strategy_json(called if one else f"{called}:{each.class_name}", Unopened(each, record.bundle_hash))
            for each in manifest.declared
        ],
    }
