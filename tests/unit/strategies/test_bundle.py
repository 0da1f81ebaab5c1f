"""Archives of bundles: their ids, and what is refused before anything is written."""

from __future__ import annotations

import io
import stat
import zipfile
from dataclasses import replace

import pytest

from tests.fakes.bundles import bundle, declaration
from trading_ai.errors import StrategyError
from trading_ai.strategies.bundle import Bundle
from trading_ai.strategies.manifest import MOST_BYTES, Manifest
from trading_ai.strategies.requirements import checked_requirement, missing, requirements_of


def archive(**files: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as made:
        made.writestr("manifest.json", bundle().manifest.to_json())
        for name, content in files.items():
            made.writestr(name, content)
    return target.getvalue()


def test_an_archive_is_read_back_and_equal_bundles_are_equal_bytes() -> None:
    made = bundle(requirements=("numpy==1.0",))
    assert Bundle.unpack(made.pack()) == made
    again = Bundle.of("quiet.py", dict(reversed(made.contents.items())), made.manifest.requirements, (declaration(),))
    assert again.pack() == made.pack()
    assert again.bundle_hash == made.bundle_hash


def test_whatever_a_bundle_holds_decides_its_id() -> None:
    made = bundle()
    other = replace(declaration(), strategy_hash="cd" * 32)
    ids = {
        made.bundle_hash,
        bundle(b"x = 1").bundle_hash,
        bundle(requirements=("numpy==1.0",)).bundle_hash,
        Bundle.of("data/a.csv", made.contents, (), (declaration(),)).bundle_hash,
        Bundle.of("quiet.py", made.contents, (), (other,)).bundle_hash,
    }
    assert len(ids) == 5


@pytest.mark.parametrize(
    "path", ["/etc/x.py", "../x.py", "a/../x.py", "a//b", "./x", "a\\b", "C:x", "a\x00b", "", "x.", "a /b", "a" * 201]
)
def test_a_path_that_could_leave_the_folder_is_refused(path) -> None:
    with pytest.raises(StrategyError, match="plain relative"):
        Manifest("x.py", {"x.py": "", path: ""}, (), (declaration(),))
    with pytest.raises(StrategyError):
        Bundle.unpack(archive(**{f"files/{path}": b""}))


@pytest.mark.parametrize("pair", [("a.py", "A.py"), ("a", "a/b.py")])
def test_two_files_of_one_name_are_refused(pair) -> None:
    with pytest.raises(StrategyError, match="one name"):
        Manifest(pair[0], dict.fromkeys(pair, ""), (), (declaration(),))


def test_links_are_refused() -> None:
    target = io.BytesIO(archive())
    with zipfile.ZipFile(target, "a") as made:
        link = zipfile.ZipInfo("files/quiet.py")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        made.writestr(link, "/etc/passwd")
    with pytest.raises(StrategyError, match="no plain file"):
        Bundle.unpack(target.getvalue())


def test_a_bomb_is_refused_by_the_size_that_it_declares() -> None:
    target = io.BytesIO(archive())
    with zipfile.ZipFile(target, "a", zipfile.ZIP_DEFLATED) as made:
        made.writestr("files/quiet.py", b"0" * (MOST_BYTES + (2 << 20)))
    assert len(target.getvalue()) < 1 << 20
    with pytest.raises(StrategyError, match="larger than 16 MB"):
        Bundle.unpack(target.getvalue())


def test_files_that_the_manifest_does_not_name_or_names_otherwise_are_refused() -> None:
    made = bundle()
    good = {f"files/{path}": content for path, content in made.contents.items()}
    assert Bundle.unpack(archive(**good)) == made
    with pytest.raises(StrategyError, match="not the one that was published"):
        Bundle.unpack(archive(**{**good, "files/quiet.py": b"evil = 1"}))
    with pytest.raises(StrategyError, match="does not hold the files"):
        Bundle.unpack(archive(**good, **{"files/numpy.py": b""}))
    with pytest.raises(StrategyError, match="no purpose"):
        Bundle.unpack(archive(**good, **{"other/x.py": b""}))


@pytest.mark.parametrize("data", [b"", b"PK", b"PK" + bytes(50), bundle().pack()[:-30], bundle().pack()[30:]])
def test_what_is_no_archive_is_refused(data) -> None:
    with pytest.raises(StrategyError, match="bundle"):
        Bundle.unpack(data)


@pytest.mark.parametrize("manifest", ["", "[]", "{}", '{"format": 2}', "[" * 5000, '{"format": 1, "files": 3}'])
def test_what_is_no_manifest_is_refused(manifest) -> None:
    with pytest.raises(StrategyError, match="table of contents"):
        Manifest.from_json(manifest)


def test_requirements_are_read_from_an_identity_and_checked() -> None:
    parts = ["class A", "package numpy 2.3.1", "package a 1, b 2", "package odd of no version", "package spam"]
    assert requirements_of(parts) == {"numpy==2.3.1", "a==1", "b==2"}
    assert missing(["pytest", f"pytest=={pytest.__version__}"]) == []
    assert missing(["pytest==0.1", "no-such-thing==3", "nor-this"]) == [
        f"pytest==0.1 is needed, and {pytest.__version__} is installed",
        "no-such-thing==3 is not installed",
        "nor-this is not installed",
    ]
    assert checked_requirement(" a == 1.2 ") == "a==1.2"
    for text in ("", "a>=1", "a==", "-a", "a b;x", "../a"):
        with pytest.raises(StrategyError, match="requires"):
            checked_requirement(text)
