"""Uploaded files of reports: written to a folder of their own for as long as they are read."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, count
from pathlib import Path
from typing import Annotated

from fastapi import File, UploadFile

from trading_ai.api.unpacked import check_unpacked_sizes

MAX_REPORTS = 100
"""Files of one upload of reports; more belong into a zip."""

Reports = Annotated[
    list[UploadFile],
    File(max_length=MAX_REPORTS, description="files of other platforms, gzipped or zipped; may be repeated"),
]


@contextmanager
def saved(files: Sequence[UploadFile], limit: int) -> Iterator[list[Path]]:
    """The paths of uploaded files, all in one folder: those that a platform leaves beside each other belong together.

    Args:
        files: what was uploaded.
        limit: bytes that all of them may unpack to.

    Raises:
        TooLargeError: 413, they hold more.
    """
    with tempfile.TemporaryDirectory(prefix="trading-ai-upload-") as folder:
        paths: list[Path] = []
        for i, file in enumerate(files):
            # The name is shown in messages, and can name nothing else; a number keeps equal ones apart.
            name = re.sub(r"[^A-Za-z0-9._-]", "_", Path(file.filename or "").name)[-100:].lstrip(".") or "report"
            names = chain([name], (f"{k}_{name}" for k in count(i)))
            path = next(path for path in map(Path(folder).joinpath, names) if not path.exists())
            with path.open("xb") as target:
                shutil.copyfileobj(file.file, target, 1 << 20)
            paths.append(path)
        check_unpacked_sizes(paths, limit)
        yield paths
