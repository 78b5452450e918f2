"""A client of a debug adapter, as an editor is one.

https://microsoft.github.io/debug-adapter-protocol/specification
"""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any


class DebugAdapter:
    """A session of debugpy's adapter, stopped at a line of a program."""

    def __init__(self, program: Path, line: int, env: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "debugpy.adapter"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self.numbers = itertools.count(1)
        self.output = ""
        self.request("initialize", adapterID="python", pathFormat="path", linesStartAt1=True)
        launch = self.send(
            "launch", program=str(program), console="internalConsole", env=env, justMyCode=False
        )
        self.wait_for("initialized")
        source = {"path": str(program)}
        self.request("setBreakpoints", source=source, breakpoints=[{"line": line}])
        self.request("setExceptionBreakpoints", filters=["uncaught"])
        self.request("configurationDone")
        self.response(launch)
        self.thread = self.wait_for("stopped")["threadId"]

    def send(self, command: str, **arguments: Any) -> int:
        """Send a request, and return its number."""
        number = next(self.numbers)
        text = json.dumps({"seq": number, "type": "request", "command": command, "arguments": arguments})
        assert self.process.stdin is not None
        self.process.stdin.write(f"Content-Length: {len(text.encode())}\r\n\r\n{text}".encode())
        self.process.stdin.flush()
        return number

    def messages(self) -> Iterator[dict[str, Any]]:
        """Give what comes from the adapter."""
        assert self.process.stdout is not None
        while header := self.process.stdout.readline():
            length = int(header.split(b":")[1])
            self.process.stdout.readline()
            message = json.loads(self.process.stdout.read(length))
            if message.get("event") == "output":
                self.output += message["body"]["output"]
            yield message
        raise EOFError(self.output)

    def response(self, number: int) -> dict[str, Any]:
        """Return the response to the request of this number."""
        for message in self.messages():
            if message.get("request_seq") == number:
                assert message["success"], message
                body: dict[str, Any] = message.get("body", {})
                return body
        raise EOFError

    def request(self, command: str, **arguments: Any) -> dict[str, Any]:
        """Send a request, and return its response."""
        return self.response(self.send(command, **arguments))

    def wait_for(self, event: str) -> dict[str, Any]:
        """Return the next event of this kind."""
        for message in self.messages():
            if message.get("event") == event:
                body: dict[str, Any] = message.get("body", {})
                return body
        raise EOFError

    def frame(self) -> int:
        """Return the number of the frame that the program has stopped in."""
        return int(self.request("stackTrace", threadId=self.thread)["stackFrames"][0]["id"])

    def variables(self, reference: int, depth: int) -> dict[str, str]:
        """Return what the view of variables shows, with all that can be opened, to this depth."""
        shown: dict[str, str] = {}
        for variable in self.request("variables", variablesReference=reference)["variables"]:
            shown[variable["name"]] = variable["value"]
            if variable["variablesReference"] and depth:
                inside = self.variables(variable["variablesReference"], depth - 1)
                shown |= {f"{variable['name']}.{name}": value for name, value in inside.items()}
        return shown

    def evaluate(self, expression: str, context: str) -> dict[str, Any]:
        """Return what an expression gives in the frame: for a hover, a watch or the console."""
        return self.request("evaluate", expression=expression, context=context, frameId=self.frame())

    def end(self) -> str:
        """Let the program go on to its end, and return its output."""
        self.request("continue", threadId=self.thread)
        self.wait_for("terminated")
        self.process.kill()
        self.process.communicate()
        return self.output
