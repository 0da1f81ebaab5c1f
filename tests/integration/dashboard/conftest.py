"""One service for each file of tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.api.laptop import Laptop, running_laptop


@pytest.fixture(scope="module")
def laptop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laptop]:
    """A service with a dataset, a backtest and one worker."""
    with running_laptop(tmp_path_factory.mktemp("laptop"), workers=1, max_upload_bytes=2_000_000) as made:
        yield made
