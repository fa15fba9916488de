"""Every setting: its environment name, its default, and one sentence about it.

:meth:`Settings.from_environment` reads them when a program starts; nothing is read at import, and no unit below the
surfaces looks at the environment. The table in ``docs/settings.md`` is made from here by :func:`settings_markdown`,
and a test compares the two. An unknown name with the prefix is refused, because a misspelled setting would otherwise
be a default that nobody chose.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Literal, Self, TypeAlias

from pydantic import Field, SecretStr, ValidationError

from addenda.errors import InvalidInput, UnreadableFile
from addenda.types import Frozen

PREFIX = "ADDENDA_"
"""What the environment names of all settings begin with."""

RESERVED_PREFIXES = ("ADDENDA_TEST_",)
"""Names that belong to the test suite and are not settings."""

_SHOWN_DEFAULTS: Mapping[str, str] = {
    "database": "SQLite in the knowledge base's folder",
    "read_adapter": "the one in `adapters/read` beside the model's weights",
    "write_adapter": "the one in `adapters/write` beside the model's weights",
    "executive": "the model that answers, where it is remote; else none",
    "memory_model": "it runs in this process",
    "api_key": "none",
    "url": "none: the folder ADDENDA_KB",
    "token": "none: only reading is possible",
    "token_file": "none",
    "allowed_hosts": "none",
    "requests_per_second": "as many as the server can answer",
    "oidc_issuer": "none: people sign in with tokens only",
    "oidc_client_id": "none",
    "oidc_client_secret": "none",
    "oidc_address": "none",
    "threads": "the model library's own choice",
}
"""What stands in the table where the default is None."""

LogLevel: TypeAlias = Literal["debug", "info", "warning", "error"]
"""How much is logged."""


class Settings(Frozen):
    """The settings in force. Secrets are masked wherever the object is shown."""

    kb: Path = Field(
        default=Path("addenda-kb"),
        description="Folder of the knowledge base: its ledger, its artefacts and its answers.",
    )
    url: str | None = Field(
        default=None,
        min_length=1,
        description="Address of a server that has the knowledge base, in place of a folder: "
        "`https://addenda.example.com`, with `#NAME` behind it where the knowledge base is not called `default`.",
    )
    plain_http: bool = Field(
        default=False,
        description="`true` lets the token go unencrypted to a server on another machine.",
    )
    database: SecretStr | None = Field(
        default=None,
        description="SQLAlchemy URL of the ledger's database; a URL can hold a password, so it is never shown.",
    )
    model: str = Field(
        default="bundled",
        min_length=1,
        description="The model that answers: `bundled`, a local folder, a Hugging Face name, or `URL#NAME` for a "
        "model on an OpenAI-compatible server.",
    )
    read_adapter: Path | None = Field(
        default=None,
        description="Folder of the adapter with which a local model reads triples, as `addenda train read` makes it.",
    )
    write_adapter: Path | None = Field(
        default=None,
        description="Folder of the adapter with which a local model writes triples, as `addenda train write` makes it.",
    )
    executive: str | None = Field(
        default=None,
        min_length=1,
        description="Who directs the memory model: `bundled`, `scripted` (rules and the declared relations), `none` "
        "(it is asked directly), or `URL#NAME` for a model on an OpenAI-compatible server.",
    )
    memory_model: str | None = Field(
        default=None,
        min_length=1,
        description="`URL#NAME` of an OpenAI-compatible server that serves the memory model in use.",
    )
    api_key: SecretStr | None = Field(
        default=None, description="Key for models behind addresses; it is never shown or logged."
    )
    token: SecretStr | None = Field(
        default=None,
        description="The acting person's token; it says who is acting, and is never shown or logged.",
    )
    token_file: Path | None = Field(
        default=None,
        description="A file whose first line is the token, for where the environment is visible to others.",
    )
    threads: int | None = Field(
        default=None,
        ge=1,
        le=1024,
        description="How many CPU threads a local model uses.",
    )
    batch_size: int = Field(
        default=64, ge=1, le=65_536, description="How many questions a local model answers at the same time."
    )
    host: str = Field(
        default="127.0.0.1",
        min_length=1,
        description="Address that `addenda serve` listens on; any other than this machine's own takes ADDENDA_PUBLIC.",
    )
    port: int = Field(default=8331, ge=0, le=65_535, description="Port that it listens on; 0 takes a free one.")
    allowed_hosts: str = Field(
        default="",
        description="Names that the server goes by besides `localhost`, parted by commas; requests to others are "
        "refused.",
    )
    public: bool = Field(
        default=False,
        description="`true` lets the server listen beyond this machine: whoever sets it has seen to TLS in front of "
        "it, and to a token for each person.",
    )
    max_request_mb: int = Field(default=32, ge=1, le=1024, description="Largest request that is taken, in MiB.")
    requests_per_second: float | None = Field(
        default=None,
        gt=0,
        description="How many requests a second each token, and each address without one, may make in the long run.",
    )
    oidc_issuer: str | None = Field(
        default=None,
        min_length=1,
        description="Address of the OpenID provider with whose accounts people may sign in on the web page, exactly as "
        "it names itself; the three settings below come with it.",
    )
    oidc_client_id: str | None = Field(
        default=None, min_length=1, description="What that provider knows this server as."
    )
    oidc_client_secret: SecretStr | None = Field(
        default=None, description="The secret that the provider gave with it; it is never shown or logged."
    )
    oidc_address: str | None = Field(
        default=None,
        min_length=1,
        description="Address at which browsers reach this server, `https://addenda.example.com`; with "
        "`/sign-in/account/back` behind it, it is what the provider must be told to send them back to.",
    )
    log_level: LogLevel = Field(
        default="warning", description="How much is written to stderr: `debug`, `info`, `warning` or `error`."
    )

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Self:
        """The settings that an environment holds; empty values count as not set.

        Args:
            environ: Usually ``os.environ``.

        Raises InvalidInput for a name with the prefix that is no setting (naming the closest one), for a value that is
        not allowed, and when both a token and a token file are given.
        """
        names = {environment_name(field): field for field in cls.model_fields}
        given: dict[str, str] = {}
        for name, value in environ.items():
            if not name.startswith(PREFIX) or name.startswith(RESERVED_PREFIXES):
                continue
            if name not in names:
                raise InvalidInput(_unknown(name, list(names)))
            if value:
                given[names[name]] = value.lower() if names[name] == "log_level" else value
        if "token" in given and "token_file" in given:
            raise InvalidInput("both ADDENDA_TOKEN and ADDENDA_TOKEN_FILE are set: unset one of them")
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            raise InvalidInput(_invalid(error, given)) from None

    def read_token(self) -> str | None:
        """The acting person's token, from the setting or from the token file; None when neither is given.

        Raises UnreadableFile when the token file cannot be read or is empty.
        """
        if self.token is not None:
            return self.token.get_secret_value().strip()
        if self.token_file is None:
            return None
        shown = str(self.token_file)
        try:
            lines = self.token_file.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise UnreadableFile(
                f"the token file {shown!r} cannot be read ({type(error).__name__}); check ADDENDA_TOKEN_FILE"
            ) from None
        token = lines[0].strip() if lines else ""
        if not token:
            raise UnreadableFile(f"the first line of the token file {shown!r} is empty; write the token there")
        return token


def environment_name(field: str) -> str:
    """The environment name of a field of :class:`Settings`, for example ``ADDENDA_BATCH_SIZE`` for ``batch_size``."""
    return PREFIX + field.upper()


def settings_markdown() -> str:
    """The content of ``docs/settings.md``: every setting with its default and what it means."""
    introduction = (
        "Read from the environment when a program starts. An unknown name that begins with `ADDENDA_` is refused. "
        "An option on the command line wins over the environment."
    )
    lines = ["# Settings", "", introduction, "", "| environment name | default | meaning |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        default = _SHOWN_DEFAULTS.get(name, f"`{field.default}`")
        lines.append(f"| `{environment_name(name)}` | {default} | {field.description} |")
    return "\n".join(lines) + "\n"


def _unknown(name: str, known: list[str]) -> str:
    close = get_close_matches(name, known, n=1, cutoff=0.6)
    meant = f"did you mean {close[0]}?" if close else f"the settings are {', '.join(sorted(known))}"
    return f"{name!r} in the environment is no setting of Addenda; {meant} Otherwise unset it."


def _invalid(error: ValidationError, given: Mapping[str, str]) -> str:
    """One sentence about the first value that is not allowed; secrets cannot be invalid, so none is quoted."""
    fault = error.errors(include_url=False, include_input=False)[0]
    field = str(fault["loc"][0])
    return f"{environment_name(field)} is {given[field]!r}, which is not allowed: {fault['msg']}"
