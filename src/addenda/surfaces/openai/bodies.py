"""What a request asks for: its body, read within a limit, as a JSON object.

Only what matters here is looked at; everything else in it is left as it is.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TypeAlias, cast

from pydantic import JsonValue
from starlette.requests import Request

from addenda.surfaces.openai.problems import Problem

Json: TypeAlias = dict[str, JsonValue]
"""A JSON object."""


async def read_body(request: Request, most: int) -> bytes:
    """The body. Raises Problem when it has more than ``most`` bytes, before more than those are read."""
    announced = request.headers.get("Content-Length", "0")
    pieces: list[bytes] = []
    length = int(announced) if announced.isdigit() else 0
    if length <= most:
        length = 0
        async for piece in request.stream():
            length += len(piece)
            if length > most:
                break
            pieces.append(piece)
    if length > most:
        raise Problem(
            413, f"the request is larger than {most} bytes; send less, for example no pictures", code="too_large"
        )
    return b"".join(pieces)


def parsed(raw: bytes) -> Json:
    """The body as an object. Raises Problem for anything else."""
    try:
        body: object = json.loads(raw, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise Problem(400, f"the body is no JSON ({error}); send a JSON object", code="invalid_json") from None
    if not isinstance(body, dict):
        raise Problem(400, "the body is no JSON object; send one, with the fields of the request", code="invalid_json")
    return cast("Json", body)


@dataclass(frozen=True, slots=True)
class Chat:
    """A request for a chat completion."""

    raw: bytes
    body: Json
    messages: list[Json]
    model: str
    stream: bool

    @classmethod
    def of(cls, raw: bytes) -> Chat:
        """Read a body. Raises Problem for one that no server could answer."""
        body = parsed(raw)
        model, messages, stream = body.get("model"), body.get("messages"), body.get("stream")
        if not isinstance(model, str) or not model:
            raise Problem(400, f"the model is {model!r}; name one of GET /v1/models", param="model")
        if not isinstance(messages, list) or not messages or not all(isinstance(one, dict) for one in messages):
            raise Problem(400, "messages must be a list of at least one message, each an object", param="messages")
        if stream is not None and not isinstance(stream, bool):
            raise Problem(400, f"stream is {stream!r}; it can be true or false", param="stream")
        return cls(raw, body, cast("list[Json]", messages), model, stream is True)

    @property
    def wants_usage(self) -> bool:
        """Whether a stream is to end with how many tokens there were."""
        options = self.body.get("stream_options")
        return isinstance(options, dict) and options.get("include_usage") is True

    @property
    def asked(self) -> int | None:
        """The place of the last message by the user; None when there is none."""
        places = range(len(self.messages) - 1, -1, -1)
        return next((place for place in places if self.messages[place].get("role") == "user"), None)

    @property
    def question(self) -> str:
        """The text of the last message by the user; parts that are no text are left out."""
        return "" if self.asked is None else text_of(self.messages[self.asked].get("content"))


def text_of(content: JsonValue) -> str:
    """The text of a message's content, which is a text or a list of parts."""
    if isinstance(content, str):
        return content
    texts: list[str] = []
    for part in content if isinstance(content, list) else ():
        text = part.get("text") if isinstance(part, dict) and part.get("type") == "text" else None
        if isinstance(text, str):
            texts.append(text)
    return "\n".join(texts)


def with_text_before(content: JsonValue, text: str) -> JsonValue:
    """A message's content with a text before it, in the form that it has."""
    if isinstance(content, list):
        return [{"type": "text", "text": text}, *content]
    return text + (content if isinstance(content, str) else "")


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no number in JSON")
