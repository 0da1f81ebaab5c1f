"""Where code comes from: the standard library, an installed package, this package, or a user's own files."""

from __future__ import annotations

import sys
import sysconfig
from functools import cache
from importlib import metadata
from pathlib import Path

PACKAGE = "trading_ai"
PACKAGE_FOLDER = Path(__file__).resolve().parent

_DISTRIBUTIONS = {"talib": "ta-lib", "sklearn": "scikit-learn", "yaml": "pyyaml", "cv2": "opencv-python"}
"""Distributions that are called otherwise than what they install; saves reading the metadata of all there are."""


@cache
def _installed_folders() -> tuple[Path, ...]:
    paths = sysconfig.get_paths()
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    return tuple({Path(paths[name]).resolve() for name in names if name in paths})


@cache
def is_installed(file: str | None) -> bool:
    """Whether a module's file belongs to the interpreter or to an installed package; None (built in) does.

    This package does not count as installed, wherever it lies: its code decides results.
    """
    if file is None:
        return True
    given = Path(file)
    paths = {given, given.resolve()}  # an installer may link files into place
    if any(path.is_relative_to(PACKAGE_FOLDER) for path in paths):
        return False
    folders = _installed_folders()
    return any(
        any(path.is_relative_to(folder) for folder in folders)
        or not _PACKAGES.isdisjoint(path.parts)
        or _is_beside_its_metadata(path)
        for path in paths
    )


_PACKAGES = {"site-packages", "dist-packages"}


def _is_beside_its_metadata(path: Path) -> bool:
    """Whether a file is part of a package that an installer put into some other folder, metadata and all."""
    top = path
    while (top.parent / "__init__.py").is_file():
        top = top.parent
    return next(top.parent.glob("*.dist-info"), None) is not None


def is_standard(module: str) -> bool:
    """Whether a module is one of the standard library, by its name."""
    return module.partition(".")[0] in sys.stdlib_module_names


@cache
def distribution_version(module: str) -> str | None:
    """Name and version of the distribution that a module is installed by, such as ``numpy 2.3.1``; None if unknown.

    Args:
        module: its name, dotted or not.
    """
    top = module.partition(".")[0]
    name = _DISTRIBUTIONS.get(top, top)
    try:
        return f"{name} {metadata.version(name)}"
    except metadata.PackageNotFoundError:
        found = sorted(set(metadata.packages_distributions().get(top, ())))
        return ", ".join(f"{name} {metadata.version(name)}" for name in found) or None
