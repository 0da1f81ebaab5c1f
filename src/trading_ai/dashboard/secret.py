"""The secret that sessions are signed with: in no database, and the same for all processes behind one database."""

from __future__ import annotations

import hashlib
import os
import secrets
import time
from pathlib import Path

from trading_ai.errors import StorageError

FILE = "dashboard.secret"
"""Where a server on one machine keeps its secret, in its home folder."""

_BYTES, _LOOKS = 32, 100


def derived(url: str, admin_key: str) -> bytes:
    """The secret of servers that share a database, made of what each of them is told at its start.

    Whoever has a cookie can try passwords against its signature: scrypt (RFC 7914) makes each try cost 16 MiB.

    Args:
        url: the database's URL, password included.
        admin_key: the key of scope admin that is set, or "".
    """
    told = f"{url}\0{admin_key}".encode()
    return hashlib.scrypt(told, salt=b"trading-ai dashboard", n=1 << 14, r=8, p=1, dklen=_BYTES)


def kept(folder: Path) -> bytes:
    """The secret of a server on one machine: random, kept in a file that nobody else may read.

    Args:
        folder: the home folder; made if it is not there.

    Raises:
        StorageError: the file cannot be made or read, or is none of ours.
    """
    path = folder / FILE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            path.chmod(0o600)
        else:
            with os.fdopen(file, "wb") as made:
                made.write(secrets.token_bytes(_BYTES))
        for _ in range(_LOOKS):
            found = path.read_bytes()
            if len(found) == _BYTES:
                return found
            time.sleep(0.01)  # another process is about to write it
    except OSError as error:
        raise StorageError(f"{path}: cannot be used: {error.strerror}. Let the server read and write it") from error
    raise StorageError(f"{path}: has {len(found)} bytes, not {_BYTES}. Delete it; whoever is signed in signs in again")
