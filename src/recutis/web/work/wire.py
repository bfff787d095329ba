"""Messages between the desk and its workers, over a pair of pipes: a small header, and documents as they are."""

from __future__ import annotations

import json
import struct
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import IO, Any

_SIZES = struct.Struct("!IQ")


@dataclass(frozen=True, kw_only=True)
class Message:
    """`what` kind, `of` which job or question, the rest in `header`; `documents` are texts by name."""

    what: str
    of: str = ""
    header: Mapping[str, Any] = field(default_factory=dict)
    documents: Mapping[str, str] = field(default_factory=dict)


class Sender:
    """Writes messages to a pipe; any thread may."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self._pipe = pipe
        self._lock = threading.Lock()

    def send(self, message: Message) -> None:
        """Write one message.

        Raises OSError when nobody reads any more.
        """
        parts = {name: text.encode("utf-8") for name, text in message.documents.items()}
        head = {"what": message.what, "of": message.of, "header": message.header}
        first = json.dumps({**head, "sizes": {name: len(part) for name, part in parts.items()}}).encode()
        whole = b"".join([_SIZES.pack(len(first), sum(map(len, parts.values()))), first, *parts.values()])
        with self._lock:
            try:
                self._pipe.write(whole)
                self._pipe.flush()
            except ValueError as error:  # the pipe has been closed on this side
                raise BrokenPipeError(str(error)) from error


def receive(pipe: IO[bytes]) -> Message | None:
    """The next message; None when the other side has gone."""
    start = pipe.read(_SIZES.size)
    if len(start) < _SIZES.size:
        return None
    first, more = _SIZES.unpack(start)
    head, body = pipe.read(first), pipe.read(more)
    if len(head) < first or len(body) < more:
        return None
    told = json.loads(head)
    documents, at = {}, 0
    for name, size in told["sizes"].items():
        documents[name] = body[at : at + size].decode("utf-8")
        at += size
    return Message(what=told["what"], of=told["of"], header=told["header"], documents=documents)
