"""The dashboard over real files and a real database, without a port."""

from __future__ import annotations

import re

from fastapi.testclient import TestClient

from tests.integration.api.laptop import Laptop
from trading_ai.api.app import make_app
from trading_ai.api.context import Context
from trading_ai.dashboard.app import add_dashboard

PAGE = {"Accept": "text/html"}
ORIGIN = {"Origin": "http://localhost"}


def browser(laptop: Laptop, *, keys_required: bool = False) -> TestClient:
    """A client that keeps its cookies, as a browser does."""
    context = Context(laptop.application, laptop.runner.wake)
    app = make_app("optimizer", context, keys_required=keys_required)
    add_dashboard(app, context, keys_required=keys_required)
    return TestClient(app, base_url="http://localhost", follow_redirects=False)


def token_of(client: TestClient, path: str = "/") -> str:
    """The token on a page."""
    found = re.search(r'<meta name="csrf" content="([0-9a-f]+)">', client.get(path, headers=PAGE).text)
    assert found is not None
    return found[1]
