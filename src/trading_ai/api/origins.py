"""Who may speak to a server that asks for no key: programs of this machine and its own pages, no page of the web.

A browser lets any page send requests to this machine, and lets a name that its owner points at this machine be that
page's own address. Neither may be enough to start, stop or read anything.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException

UPLOADS = ("/datasets", "/append", "/backtests/import", "/optimize/import", "/strategies/bundles")
"""Ends of the paths that take files, which come in forms."""

FORMS = "/do/"
"""Beginning of the paths that pages of the dashboard send forms to; each carries a token that no other page knows."""

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing."""

QUESTIONS = ("/api/v1/ask", "/api/v1/sql", "/api/v1/search")
"""Paths whose POST changes nothing: what is asked is too long for an address."""

_COSTLY = ("/robustness", "/report", "/equities")
_COSTLY_PARTS = "/parts/"
"""Ends of the paths whose answers take up to minutes of all cores, and what lies in those of parts of pages."""

_FORWARDED = (
    "forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-forwarded-server", "x-real-ip", "via",
    "cf-connecting-ip", "true-client-ip", "x-client-ip",
)  # fmt: skip
"""What a proxy adds to a request, or some do."""

_INSIDE = (".svc", ".cluster.local", ".local", ".internal", ".localhost")
"""Ends of names that nobody can register: those of a cluster and of a local network."""

_DEFAULT_PORTS = {"http": ":80", "https": ":443"}
_SIMPLE = frozenset({"application/x-www-form-urlencoded", "text/plain", "multipart/form-data"})


class RefusalError(HTTPException):
    """A request that is refused before its body is read.

    Attributes:
        title: which kind of refusal it is.
    """

    def __init__(self, status: int, title: str, detail: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(status, detail, headers)
        self.title = title


def listed(text: str) -> frozenset[str]:
    """Entries of a comma-separated setting, in lower case."""
    return frozenset(entry.strip().lower().rstrip("/") for entry in text.split(",") if entry.strip())


@dataclass(frozen=True)
class Doors:
    """Which requests a server takes by where they come from.

    Attributes:
        keys_required: whether every request needs a key anyway; then pages of others cannot send one.
        this_machine: whether it listens on addresses of this machine only, and nobody said that it may be open.
        hosts: names by which it may be addressed beside those that are its own; if there are any, others are refused
            even where keys are required.
        origins: origins whose pages may send requests; ``*`` for all.
    """

    keys_required: bool = False
    this_machine: bool = True
    hosts: frozenset[str] = frozenset()
    origins: frozenset[str] = frozenset()

    def check(self, method: str, path: str, headers: Mapping[str, str], *, has_key: bool) -> None:
        """Refuse a request by its headers.

        Args:
            method: GET, POST, ...
            path: path of its URL.
            headers: by name in lower case.
            has_key: whether it comes with an API key, which a page of somebody else cannot send.

        Raises:
            RefusalError: 403 for an address, a reader or an origin that is not ours, 401 through a proxy without a key,
                415 for a content type that any page may send.
        """
        host = headers.get("host")
        if host is not None and not self._is_own(host):
            raise RefusalError(
                403,
                "This address is not served",
                f"Host: this server is not called {host[:200]!r}. Call it localhost, or name that host in "
                "TRADING_AI_ALLOWED_HOSTS",
            )
        if has_key:
            return
        if method in SAFE_METHODS - {"OPTIONS"}:  # a preflight asks whether it may ask
            self._check_reader(path, headers)
        if self.keys_required:
            return
        proxied = next((name for name in _FORWARDED if name in headers), None)
        if self.this_machine and proxied is not None:
            raise RefusalError(
                401,
                "An API key is needed",
                f"the request came through a proxy (it has {proxied}), so not from this machine alone: "
                "an API key is needed: X-API-Key",
                {"WWW-Authenticate": "Bearer"},
            )
        if method not in SAFE_METHODS:
            self._check_origin(host or "", headers)
            _check_kind(path, headers)

    def _check_reader(self, path: str, headers: Mapping[str, str]) -> None:
        """Refuse what a page of others loads: it cannot read the answer, but it could have any number of them made.

        A link that is followed to a page is nobody's attack; what takes long is asked for by our own pages only. Where
        keys are asked for, the session of whoever looks at that page might come with the request.
        """
        site = headers.get("sec-fetch-site", "none").strip().lower()
        if site not in {"cross-site", "same-site"} or "*" in self.origins:
            return
        if _origin_of(headers.get("origin", "")) in self.origins:
            return
        ends = path.rstrip("/")
        followed = headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
        if followed and not ends.endswith(_COSTLY) and _COSTLY_PARTS not in ends:
            return
        raise RefusalError(
            403,
            "Pages of others may not do that",
            f"Sec-Fetch-Site: {path[:200]} is not for pages of other sites ({site}). Open it from a page of this "
            "server, or name the origin of that page in TRADING_AI_CORS_ORIGINS",
        )

    def _is_own(self, host: str) -> bool:
        name = _name_of(host)
        if name in self.hosts:
            return True
        address = _address(name)
        if name == "localhost" or name.endswith(".localhost") or (address is not None and address.is_loopback):
            return True
        if self.keys_required:
            return not self.hosts or address is not None  # probes go to addresses
        if self.this_machine:
            return False
        # A name can be pointed at this machine by whoever owns it, an address cannot.
        known = address is not None or "." not in name or name.endswith(_INSIDE) or name == socket.getfqdn().lower()
        return bool(name) and known

    def _check_origin(self, host: str, headers: Mapping[str, str]) -> None:
        """Refuse a change that a browser sends for a page that is not ours; other programs name no page."""
        if "*" in self.origins:
            return
        page = headers.get("origin")
        if page is None and headers.get("sec-fetch-site", "none") in {"none", "same-origin"}:
            page = headers.get("referer")
            if page is None:
                return
        if page is not None:
            origin = _origin_of(page)
            if origin in self.origins or origin in {f"{scheme}://{_plain(host, scheme)}" for scheme in _DEFAULT_PORTS}:
                return
        raise RefusalError(
            403,
            "Pages of others may not do that",
            f"Origin: a page of {(page or 'another site')[:200]!r} may change nothing here. Its origin can be named in "
            "TRADING_AI_CORS_ORIGINS",
        )


def _check_kind(path: str, headers: Mapping[str, str]) -> None:
    """Refuse the content types of forms: a browser sends them for any page without asking first."""
    if path.startswith(FORMS) or path.rstrip("/").endswith(UPLOADS):
        return  # files come in forms: for them the origin decides; a form of the dashboard has its token besides
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in _SIMPLE:
        raise RefusalError(415, "That content type is not taken", f"Content-Type: must be application/json, not {kind}")


def _name_of(host: str) -> str:
    """The name or address in a Host header, without port and brackets, in lower case."""
    text = host.strip().lower()
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return (text.rpartition(":")[0] if text.count(":") == 1 else text).rstrip(".")


def _address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(name)
    except ValueError:
        return None


def _origin_of(url: str) -> str:
    """Scheme and host of a URL, the default port left out, in lower case; "" of what is no URL of the web."""
    try:
        parts = urlsplit(url.strip().lower())
    except ValueError:
        return ""
    if parts.scheme not in _DEFAULT_PORTS or not parts.netloc:
        return ""
    return f"{parts.scheme}://{_plain(parts.netloc, parts.scheme)}"


def _plain(host: str, scheme: str) -> str:
    return host.strip().lower().removesuffix(_DEFAULT_PORTS[scheme])


def doors(
    *, keys_required: bool, this_machine: bool, hosts: str, origins: str, more_hosts: Iterable[str] = ()
) -> Doors:
    """The doors of a server, as settings say.

    Args:
        keys_required: whether every request needs a key.
        this_machine: whether it listens on addresses of this machine only, and nobody said that it may be open.
        hosts: names by which it may be addressed, comma-separated.
        origins: origins whose pages may send requests, comma-separated.
        more_hosts: further names.
    """
    named = {_name_of(host) for host in listed(hosts)} | set(more_hosts)
    return Doors(keys_required, this_machine, frozenset(named), listed(origins))
