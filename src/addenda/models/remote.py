"""A language model behind an address: any server that speaks OpenAI's chat completions, through the official SDK.

The SDK brings the connection, timeouts and retries with growing pauses; this module decides what leaves this machine
and what comes back. Three habits of the SDK are turned off, because a question may hold what a company knows and the
key opens its account: redirects are not followed (the SDK would send the question wherever a server points, and the key
along when only the scheme changes), no key, organisation or project is picked up from the environment, and bodies are
validated instead of being taken as they come. Every failure is an error of ours that says what to do; the key is in
none of them, because it is cut out of whatever a server says.

Sources: the code of ``openai`` 3.52 and its transport ``httpx2``. What this does not know: which weights answer (see
:attr:`RemoteModel.fingerprint`), and whether a server keeps to temperature 0. ``OPENAI_CUSTOM_HEADERS`` and the usual
proxy variables in the environment still act, because the SDK and its transport read them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Self, TypeAlias, cast
from urllib.parse import urlsplit

import httpx2
import openai
from openai import DefaultHttpxClient, OpenAI, omit, pydantic_function_tool
from pydantic import BaseModel, SecretStr, ValidationError

from addenda.errors import AddendaError, InvalidInput, ModelBusy, ModelUnavailable
from addenda.models.base import DEFAULT_MAX_NEW_TOKENS, Completion
from addenda.models.chat import (
    DEFAULT_REPLY_TOKENS,
    AssistantMessage,
    Message,
    TextDelta,
    Tool,
    UserMessage,
    faults,
    shortened,
)
from addenda.models.wire import Assembly, message_params, read_completion, schema_param, tool_param

if TYPE_CHECKING:
    from openai.types.chat.completion_create_params import CompletionCreateParamsBase, ResponseFormat

DEFAULT_BATCH_SIZE = 8
"""Questions that are under way at the same time."""

DEFAULT_TIMEOUT = 60.0
"""Seconds without a sign of life after which an attempt is given up."""

DEFAULT_RETRIES = 2
"""Further attempts after a lost connection, a timeout, 408, 409, 429 or 5xx, with growing pauses in between."""

_CONNECT_TIMEOUT = 10.0
"""Seconds for making a connection; a server that is there answers that at once, however long its model thinks."""

LimitParameter: TypeAlias = Literal["max_tokens", "max_completion_tokens"]
"""What a server calls the length limit. The first is older and understood by nearly all, but not by all of OpenAI's."""


class RemoteModel:
    """A model on a server. Keeps the protocols :class:`LanguageModel` and :class:`ChatModel`; threads may share it."""

    def __init__(
        self,
        base_url: str,
        model: str,
        api_key: SecretStr | None = None,
        *,
        batch_size: int = DEFAULT_BATCH_SIZE,
        timeout: float = DEFAULT_TIMEOUT,
        retries: int = DEFAULT_RETRIES,
        temperature: float | None = 0.0,
        limit_parameter: LimitParameter = "max_tokens",
    ) -> None:
        """Nothing is sent yet.

        Args:
            base_url: Where the server's interface begins, for example ``http://127.0.0.1:8000/v1``.
            model: The model's name on that server.
            api_key: Sent as a bearer token; None sends none.
            batch_size: How many questions are under way at the same time.
            timeout: Seconds without a sign of life from the server after which an attempt is given up.
            retries: How many further attempts there are.
            temperature: 0 for the likeliest answer; None leaves it out, for models that refuse the setting.
            limit_parameter: How the server calls the length limit.

        Raises InvalidInput for an address, a name, a key or a number that cannot be used.
        """
        self._base_url = _checked_url(base_url)
        self._model = model
        self._secret = _checked_key(api_key)
        self._batch_size = batch_size
        self._timeout = timeout
        self._attempts = retries + 1
        self._temperature = temperature
        self._limit_parameter: LimitParameter = limit_parameter
        self._json_modes: dict[type[BaseModel], int] = {}
        if not (model.strip() and model.isprintable()):
            raise InvalidInput(f"{model!r} is no name of a model; give the name by which the server knows it")
        if not (batch_size >= 1 and timeout > 0 and retries >= 0):
            raise InvalidInput(
                f"batch_size={batch_size!r}, timeout={timeout!r}, retries={retries!r} cannot be used: allowed are a "
                "batch size of at least 1, a timeout above 0 and no negative number of retries"
            )
        self._client = self._connected(retries)

    def _connected(self, retries: int) -> OpenAI:
        key = self._key()
        timeout = openai.Timeout(self._timeout, connect=min(self._timeout, _CONNECT_TIMEOUT))
        try:
            return OpenAI(
                base_url=self._base_url,
                # Without one the SDK looks in the environment; this one is never sent.
                api_key="unused",
                # Given as a header, the key also wins over one that the environment sets as a header.
                default_headers={"Authorization": f"Bearer {key}"} if key else None,
                timeout=timeout,
                max_retries=retries,
                http_client=DefaultHttpxClient(follow_redirects=False, timeout=timeout),
            )
        except httpx2.InvalidURL as error:
            raise InvalidInput(f"{self._base_url!r} is no usable address ({error}); check it") from None

    def __repr__(self) -> str:
        return f"RemoteModel(base_url={self._base_url!r}, model={self._model!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections to the server; nothing can be asked afterwards."""
        self._client.close()

    @property
    def address(self) -> str:
        """Where the server's interface begins."""
        return self._base_url

    @property
    def served_name(self) -> str:
        """The model's name on that server."""
        return self._model

    @property
    def name(self) -> str:
        """The model's name and the server's address."""
        return f"{self._model} at {self._base_url}"

    @property
    def fingerprint(self) -> str:
        """``sha256:`` digest of the address and the model's name. It identifies no weights.

        A server does not say which weights answer, and may change them under the same name at any time. Equal
        fingerprints mean that the same name was asked for at the same address, and nothing more.
        """
        asked_for = json.dumps([self._base_url, self._model], ensure_ascii=False)
        return "sha256:" + hashlib.sha256(asked_for.encode()).hexdigest()

    @property
    def batch_size(self) -> int:
        """How many questions are under way at the same time."""
        return self._batch_size

    def answer(self, questions: Sequence[str], *, max_new_tokens: int = DEFAULT_MAX_NEW_TOKENS) -> list[Completion]:
        """Answer each question in a conversation of its own; see :meth:`LanguageModel.answer`.

        Raises ModelUnavailable or InvalidInput at the first question that gets no answer; what has not begun by then is
        not asked.
        """

        def ask(question: str) -> Completion:
            reply = self.reply([UserMessage(text=question)], max_new_tokens=max_new_tokens)
            return Completion(reply.text.strip(), finished=reply.finished)

        with ThreadPoolExecutor(self._batch_size, thread_name_prefix="remote-model") as pool:
            return list(pool.map(ask, questions))

    def reply(
        self,
        messages: Sequence[Message],
        *,
        tools: Sequence[Tool] = (),
        may_call: bool = True,
        schema: type[BaseModel] | None = None,
        max_new_tokens: int = DEFAULT_REPLY_TOKENS,
    ) -> AssistantMessage:
        """The model's next turn; see :meth:`ChatModel.reply`.

        A server that refuses to hold the answer to a schema is asked for any JSON object, and then for plain text;
        which of the three it takes is remembered for each schema.
        """
        request = self._request(messages, tools, may_call=may_call, max_new_tokens=max_new_tokens)
        if schema is None:
            return self._asked_once(request, len(messages))
        formats = _response_formats(schema)
        mode = self._json_modes.get(schema, 0)
        while True:
            request["response_format"] = formats[mode]
            try:
                reply = self._asked_once(request, len(messages))
            except InvalidInput:
                if mode + 1 == len(formats):
                    raise
                mode += 1
            else:
                self._json_modes[schema] = mode
                return reply

    def stream(
        self,
        messages: Sequence[Message],
        *,
        tools: Sequence[Tool] = (),
        may_call: bool = True,
        max_new_tokens: int = DEFAULT_REPLY_TOKENS,
    ) -> Generator[TextDelta | AssistantMessage, None, None]:
        """The model's next turn while it is spoken; see :meth:`ChatModel.stream`. Closing it hangs up."""
        request = self._request(messages, tools, may_call=may_call, max_new_tokens=max_new_tokens)
        assembly = Assembly(len(messages))
        with self._explained():
            pieces = self._client.chat.completions.create(**request, stream=True, extra_headers=self._headers())
            with pieces:
                for piece in pieces:
                    if (delta := assembly.add(piece)) is not None:
                        yield delta
        if assembly.finish_reason is None:
            raise ModelUnavailable(f"{self.name!r} broke off in the middle of its answer; ask again")
        yield assembly.message()

    def _request(
        self, messages: Sequence[Message], tools: Sequence[Tool], *, may_call: bool, max_new_tokens: int
    ) -> CompletionCreateParamsBase:
        request: CompletionCreateParamsBase = {"model": self._model, "messages": message_params(messages)}
        if tools:
            request["tools"] = [tool_param(tool) for tool in tools]
            request["tool_choice"] = "auto" if may_call else "none"
        if self._temperature is not None:
            request["temperature"] = self._temperature
        if self._limit_parameter == "max_tokens":
            request["max_tokens"] = max_new_tokens
        else:
            request["max_completion_tokens"] = max_new_tokens
        return request

    def _headers(self) -> dict[str, str | openai.Omit]:
        """What is left out of a request although the environment may name it."""
        left_out: dict[str, str | openai.Omit] = {"OpenAI-Organization": omit, "OpenAI-Project": omit}
        return left_out if self._secret else {**left_out, "Authorization": omit}

    def _asked_once(self, request: CompletionCreateParamsBase, turn: int) -> AssistantMessage:
        with self._explained():
            # The raw body, because the SDK's own objects are made without validation.
            raw = self._client.chat.completions.with_raw_response.create(**request, extra_headers=self._headers())
            return read_completion(raw.http_response.content, turn)

    @contextmanager
    def _explained(self) -> Generator[None]:
        """Turn whatever goes wrong between here and the server into an error of ours.

        The SDK's errors are left behind, because they hold the request with its headers.
        """
        try:
            yield
        except openai.APIStatusError as error:
            raise self._refusal(error) from None
        except openai.APITimeoutError:
            raise ModelBusy(
                f"{self.name!r} gave no sign of life for {self._timeout:g} s, in up to {self._attempts} attempts; "
                "raise the timeout, ask for shorter answers, or look at the server"
            ) from None
        except openai.APIConnectionError as error:
            why = self._clean(str(error.__cause__ or error))
            raise ModelBusy(
                f"{self.name!r} cannot be reached ({why}); check that the server runs, and the address"
            ) from None
        except (openai.APIError, httpx2.HTTPError) as error:
            raise ModelBusy(f"{self.name!r} broke off with an error: {self._clean(str(error))!r}") from None
        except UnicodeEncodeError:
            raise InvalidInput("what is asked holds text that is no valid Unicode; mend its encoding") from None
        except ValidationError as error:
            raise self._malformed(faults(error)) from None
        except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
            raise self._malformed(str(error)) from None

    def _malformed(self, why: str) -> ModelUnavailable:
        return ModelUnavailable(
            f"what {self.name!r} sent is no chat completion ({self._clean(why)}); check that the address is that of an "
            "OpenAI-compatible interface, which mostly ends in /v1"
        )

    def _refusal(self, error: openai.APIStatusError) -> AddendaError:
        """What a status outside 200 to 299 means, and what to do about it."""
        status, response = error.status_code, error.response
        said = f"{self.name!r} answered with status {status}: {self._clean(_message_in(error))!r}"
        if "location" in response.headers and 300 <= status < 400:
            target = self._clean(response.headers["location"])
            return ModelUnavailable(
                f"{self.name!r} points elsewhere, to {target!r}, which is not followed, because it would get the "
                "questions; if it is trusted, give its address instead"
            )
        if status in (401, 403):
            key = "the key that was given" if self._secret else "a request without a key"
            return ModelUnavailable(f"{said}. It does not accept {key}; give one that is valid for this model")
        if status == 404:
            return ModelUnavailable(f"{said}. Check the model's name, and that the address mostly ends in /v1")
        if status == 429:
            return ModelBusy(f"{said}, in up to {self._attempts} attempts. Ask less at a time, or later")
        if status in (408, 409) or not 400 <= status < 500:
            return ModelBusy(f"{said}, in up to {self._attempts} attempts. Look at the server, or ask later")
        return InvalidInput(f"{said}. Change what is asked or how: its length, the tools, the temperature, the limit")

    def _key(self) -> str:
        return self._secret.get_secret_value() if self._secret else ""

    def _clean(self, text: str) -> str:
        """What a server said, fit for a message: without the key, on one line, and not too long."""
        key = self._key()
        # The key goes first: cut in two by the shortening, its first part would stay.
        return shortened(" ".join((text.replace(key, "[key]") if key else text).split()))


def _checked_url(url: str) -> str:
    """The address in the form in which it is used, compared and shown."""
    if "@" in url:
        raise InvalidInput("the address of the model holds an '@', so perhaps a password; give the key as the API key")
    try:
        parts = urlsplit(url)
        # Looking the host up would fail on what cannot be encoded, with an error that names neither host nor address.
        host = (parts.hostname or "").encode("idna")
        usable = parts.scheme in ("http", "https") and bool(host) and parts.port != 0
    except ValueError:
        parts, usable = urlsplit(""), False
    if not usable or parts.query or parts.fragment or not url.isprintable() or set(url) & set(" \\"):
        raise InvalidInput(
            f"{url!r} is no address of a model: give one that begins with http:// or https:// and has no query, for "
            "example 'http://127.0.0.1:8000/v1'"
        )
    return f"{parts.scheme}://{parts.netloc.lower()}{parts.path.rstrip('/')}"


def _checked_key(key: SecretStr | None) -> SecretStr | None:
    if key is None:
        return None
    value = key.get_secret_value()
    if not (value and value.isascii() and value.isprintable() and " " not in value):
        raise InvalidInput(
            "the API key is empty or has characters that no key has (spaces, line ends, letters beyond ASCII); give "
            "the bare key, or none"
        )
    return key


def _response_formats(schema: type[BaseModel]) -> list[ResponseFormat]:
    """How a server can be asked for JSON, the most binding way first."""
    strict = pydantic_function_tool(schema)["function"].get("parameters", {})
    return [schema_param(schema, strict), {"type": "json_object"}, {"type": "text"}]


def _message_in(error: openai.APIStatusError) -> str:
    """What the server says in the body of an error; servers do not agree where it stands."""
    body = error.body
    message = cast("dict[str, object]", body).get("message") if isinstance(body, dict) else None
    return message if isinstance(message, str) else error.response.text
