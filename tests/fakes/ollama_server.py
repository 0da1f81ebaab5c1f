"""A server that speaks Ollama's protocol and says what a test wants, or what a real model behind it says."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from typing_extensions import override

MODEL = "small:latest"

Line = dict[str, Any] | bytes | float
"""A document, bytes as they are, or seconds of silence."""


def said(*pieces: str, reason: str = "stop", **facts: Any) -> list[Line]:
    """An answer in pieces, with its end."""
    end = {"done": True, "done_reason": reason, "prompt_eval_count": 500, "eval_count": len(pieces), **facts}
    return [
        *(content(piece) for piece in pieces),
        {"model": MODEL, "message": {"role": "assistant", "content": ""}, **end},
    ]


def content(piece: str) -> Line:
    """One piece of an answer."""
    return {"model": MODEL, "message": {"role": "assistant", "content": piece}, "done": False}


@dataclass
class Script:
    """What the server does.

    Attributes:
        lines: of an answer, or what makes them of a request.
        status: of HTTP.
        models: names that it has.
        asked: requests that came.
    """

    lines: Sequence[Line] | Callable[[dict[str, Any]], Iterator[Line]] = ()
    status: int = 200
    models: tuple[str, ...] = (MODEL,)
    asked: list[dict[str, Any]] = field(default_factory=list)

    def answer(self, body: dict[str, Any]) -> Iterator[Line]:
        """Lines of the answer to a request."""
        yield from self.lines(body) if callable(self.lines) else self.lines


class _Handler(BaseHTTPRequestHandler):
    script: Script
    protocol_version = "HTTP/1.1"

    @override
    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        if self.path == "/api/tags":
            self._say(200, {"models": [{"name": name, "model": name} for name in self.script.models]})
        else:
            self._say(404, {"error": "not found"})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.script.asked.append(body)
        if self.path == "/api/show":
            self._say(200, {"capabilities": ["completion"], "model_info": {}})
        elif self.path not in {"/api/chat", "/v1/chat/completions"}:
            self._say(404, {"error": "not found"})
        elif body["model"] not in self.script.models:
            self._say(404, {"error": f"model '{body['model']}' not found"})
        elif self.script.status != 200:
            self._say(self.script.status, {"error": "busy"})
        elif body.get("stream") is False:
            whole = list(self.script.answer(body))
            text = "".join(each["message"]["content"] for each in whole if isinstance(each, dict))
            last = whole[-1]
            assert isinstance(last, dict)
            self._say(200, {**last, "message": {"role": "assistant", "content": text}})
        else:
            self._stream(body)

    def _say(self, status: int, document: dict[str, Any]) -> None:
        text = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def _stream(self, body: dict[str, Any]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/x-ndjson")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        try:
            for line in self.script.answer(body):
                if isinstance(line, float):
                    time.sleep(line)
                    continue
                data = line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n"
                self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
                self.wfile.flush()
            self.wfile.write(b"0\r\n\r\n")
        except OSError:  # the client has had enough
            self.close_connection = True


@contextmanager
def ollama_server(script: Script) -> Iterator[str]:
    """A server on a port of its own; its URL."""
    handler = type("Handler", (_Handler,), {"script": script})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    server.block_on_close = False
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
