"""A limit on what one request may send, held before anything of it is kept."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

LARGEST_REQUEST: Final = 32 * 1024 * 1024
_WORDS: Final = b"What was sent is larger than 32 MB and was not read. Nothing was saved.\n"


class BodyLimit:
    """Passes requests on to an application, except those that send more than the limit."""

    def __init__(self, application: Application, *, most: int = LARGEST_REQUEST) -> None:
        self.application = application
        self.most = most

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer 413 to a request that says it is too large; end one that turns out to be."""
        if scope["type"] == "http" and _length(scope) > self.most:
            head = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]
            await send({"type": "http.response.start", "status": 413, "headers": head})
            await send({"type": "http.response.body", "body": _WORDS})
            return
        await self.application(scope, self._counted(receive) if scope["type"] == "http" else receive, send)

    def _counted(self, receive: Receive) -> Receive:
        total = 0

        async def counted() -> Message:
            nonlocal total
            message = await receive()
            total += len(message.get("body", b""))
            return {"type": "http.disconnect"} if total > self.most else message

        return counted


def _length(scope: MutableMapping[str, Any]) -> int:
    told = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
    return int(told) if told.isdigit() else 0
