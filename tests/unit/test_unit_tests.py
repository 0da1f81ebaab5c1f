"""What `conftest.py` beside this file refuses, and what it lets pass."""

from __future__ import annotations

import importlib
import os
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.unit.conftest import NotAUnitTest


@pytest.mark.parametrize(
    "act",
    [
        lambda: Path("/etc/hostname").read_text(),
        lambda: Path("a-file").write_text("text"),
        lambda: os.open(__file__, os.O_WRONLY),
        lambda: Path("a-folder").mkdir(),
        lambda: sqlite3.connect(":memory:"),
        lambda: subprocess.run([sys.executable, "--version"], check=False),
        lambda: os.system("true"),
        lambda: socket.create_connection(("127.0.0.1", 9), timeout=0.1),
        lambda: time.sleep(0.001),
    ],
    ids=["read", "write", "descriptor", "folder", "database", "process", "shell", "socket", "sleep"],
)
def test_what_belongs_elsewhere_is_refused(act):
    with pytest.raises(NotAUnitTest):
        act()


def test_sources_and_libraries_may_be_read():
    assert importlib.import_module("this").__file__
    assert Path(__file__).read_text(encoding="utf-8")
