"""One service for each file of tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.api.laptop import Laptop, running_laptop


@pytest.fixture(scope="module")
def laptop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laptop]:
    """A service that accepts 10,000 combinations, requests of 20 kB and files of 200 kB."""
    folder = tmp_path_factory.mktemp("laptop")
    with running_laptop(
        folder, max_combinations=10_000, max_body_bytes=20_000, max_upload_bytes=200_000, workers=1
    ) as made:
        yield made
