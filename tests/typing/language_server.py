"""A client of language servers, which asks them what an editor asks."""

import itertools
import json
import os
import queue
import subprocess
import threading
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

ANSWER_TIMEOUT_S = 120
ERROR = 1  # the severity; what is lower is a hint, such as for a name that is not used


class Place(NamedTuple):
    """Where in a file: lines and characters are counted from 0."""

    path: Path
    line: int
    character: int

    def __str__(self) -> str:
        return f"{self.path.name}:{self.line + 1}"

    def as_parameters(self) -> dict[str, Any]:
        return {
            "textDocument": {"uri": self.path.as_uri()},
            "position": {"line": self.line, "character": self.character},
        }


class LanguageServer:
    """A server that runs in a folder, and is spoken to by the Language Server Protocol.

    <https://microsoft.github.io/language-server-protocol/specifications/lsp/3.17/specification/>
    """

    def __init__(self, command: list[str], folder: Path, settings: dict[str, Any]) -> None:
        self._settings = settings
        self._numbers = itertools.count(1)
        self._errors_by_uri: dict[str, list[dict[str, Any]]] = {}
        self._received: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._process = subprocess.Popen(
            command,
            cwd=folder,
            # An environment that is active for the tests is not the project's.
            env={name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        threading.Thread(target=self._receive, daemon=True).start()
        root = folder.as_uri()
        answer = self._ask(
            "initialize",
            {
                "processId": None,
                "rootUri": root,
                "workspaceFolders": [{"uri": root, "name": folder.name}],
                "initializationOptions": settings,
                "capabilities": {
                    "textDocument": {
                        "completion": {},
                        "diagnostic": {},
                        "hover": {"contentFormat": ["plaintext"]},
                        "publishDiagnostics": {},
                    },
                    "workspace": {"configuration": True, "workspaceFolders": True},
                },
            },
        )
        self._is_asked_for_errors = "diagnosticProvider" in answer["capabilities"]
        self._tell("initialized", {})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()

    def open(self, path: Path) -> None:
        """Show the server a file, as it is on the disk."""
        document = {"uri": path.as_uri(), "languageId": "python", "version": 1}
        self._tell("textDocument/didOpen", {"textDocument": {**document, "text": path.read_text()}})

    def errors(self, path: Path) -> dict[int, str]:
        """Return the errors in a file that is open, by their lines as people count them."""
        uri = path.as_uri()
        if self._is_asked_for_errors:
            found = self._ask("textDocument/diagnostic", {"textDocument": {"uri": uri}})["items"]
        else:
            while uri not in self._errors_by_uri:
                self._react(self._next())
            found = self._errors_by_uri[uri]
        return {
            item["range"]["start"]["line"] + 1: item["message"]
            for item in found
            if item["severity"] == ERROR
        }

    def completions(self, place: Place) -> set[str]:
        """Return the names that it offers there."""
        found = self._ask("textDocument/completion", place.as_parameters())
        items = found["items"] if isinstance(found, dict) else found or []
        return {item["label"] for item in items}

    def hover(self, place: Place) -> str:
        """Return what it shows of the name there."""
        found = self._ask("textDocument/hover", place.as_parameters())
        return str(found["contents"]["value"])

    def _ask(self, method: str, parameters: dict[str, Any]) -> Any:
        number = next(self._numbers)
        self._send({"id": number, "method": method, "params": parameters})
        while (message := self._next()).get("id") != number or "method" in message:
            self._react(message)
        assert "error" not in message, message
        return message["result"]

    def _tell(self, method: str, parameters: dict[str, Any]) -> None:
        self._send({"method": method, "params": parameters})

    def _react(self, message: dict[str, Any]) -> None:
        """Take a notice of the server, or answer a question."""
        if message["method"] == "textDocument/publishDiagnostics":
            parameters = message["params"]
            self._errors_by_uri[parameters["uri"]] = parameters["diagnostics"]
        elif "id" in message:
            result = None
            if message["method"] == "workspace/configuration":
                result = [self._settings.get(item["section"]) for item in message["params"]["items"]]
            self._send({"id": message["id"], "result": result})

    def _next(self) -> dict[str, Any]:
        message = self._received.get(timeout=ANSWER_TIMEOUT_S)
        assert message is not None, "the server has ended"
        return message

    def _send(self, message: dict[str, Any]) -> None:
        assert self._process.stdin
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self._process.stdin.flush()

    def _receive(self) -> None:
        assert self._process.stdout
        while length := self._length_of_next():
            self._received.put(json.loads(self._process.stdout.read(length)))
        self._received.put(None)

    def _length_of_next(self) -> int:
        """Read the head of a message; 0 if there is none any more."""
        assert self._process.stdout
        length = 0
        while line := self._process.stdout.readline().strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        return length
