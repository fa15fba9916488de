"""One call of a command: the settings in force, the knowledge base, and who acts.

Reading needs no token here, because whoever can read the files can read what is in them. Changing does: the token says
who acts. It comes from a file or the environment, never from an argument, which others could see in the list of
processes.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TypeVar

from addenda.client import Client
from addenda.errors import InvalidInput, PermissionDenied, StorageUnavailable
from addenda.knowledge_base import Budget, KnowledgeBase, ModelChoice, Person
from addenda.settings import Settings
from addenda.surfaces.cli.output import Output

_Found = TypeVar("_Found")
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True)
class Call:
    """What a command works with."""

    settings: Settings
    out: Output
    budget: Budget | None = None
    """What a consultation may cost, where that was said."""

    @property
    def directory(self) -> Path:
        """Folder of the knowledge base."""
        return self.settings.kb

    @property
    def database(self) -> str | None:
        """URL of the ledger's database, where it is not the file in the folder."""
        return None if self.settings.database is None else self.settings.database.get_secret_value()

    @property
    def choice(self) -> ModelChoice:
        """Which model to load; the one that the knowledge base was made with, unless one was named."""
        settings = self.settings
        name = settings.model if "model" in settings.model_fields_set else None
        return ModelChoice(
            name,
            threads=settings.threads,
            batch_size=settings.batch_size,
            read_adapter=settings.read_adapter,
            write_adapter=settings.write_adapter,
            executive=settings.executive,
            budget=self.budget,
            memory_model=settings.memory_model,
            api_key=settings.api_key,
        )

    @property
    def is_remote(self) -> bool:
        """Whether a server has the knowledge base."""
        return self.settings.url is not None

    def client(self) -> Client:
        """A client of the server, acting as the token's owner; use it as a context manager.

        Raises PermissionDenied without a token, InvalidInput for an address that cannot be used, MissingDependency.
        """
        token = self.settings.read_token()
        if token is None:
            raise PermissionDenied(
                "a server is asked, and it answers nobody without a token; set ADDENDA_TOKEN_FILE to the file with "
                "your token, or give --token-file FILE"
            )
        self._warn_about_token_file()
        return Client(self.settings.url or "", token=token, allow_plain_http=self.settings.plain_http)

    def refuse_remote(self, **options: object) -> None:
        """Raise InvalidInput when one of these options was given and a server is asked, which has its own."""
        given = [f"--{name.replace('_', '-')}" for name, value in options.items() if value]
        if self.is_remote and given:
            raise InvalidInput(
                f"{given[0]} is for a folder (--kb): a server decides that for all who ask it; leave it out"
            )

    def refuse_server(self) -> None:
        """Raise InvalidInput when the environment names a server: the command works on a folder only."""
        if self.is_remote:
            raise InvalidInput(
                f"this command works on the files of a knowledge base, and ADDENDA_URL names a server "
                f"({self.settings.url}); name the folder, with --kb DIR"
            )

    def open(self) -> KnowledgeBase:
        """Open the knowledge base; use it as a context manager. Raises InvalidInput when a server was named."""
        self.refuse_server()
        return KnowledgeBase.open(self.directory, database=self.database, choice=self.choice)

    def read(self, here: Callable[[KnowledgeBase], _Found], there: Callable[[Client], _Found]) -> _Found:
        """What the knowledge base in the folder says, or that of the server."""
        if self.is_remote:
            with self.client() as client:
                return there(client)
        with self.open() as opened:
            return here(opened)

    def person(self, kb: KnowledgeBase) -> Person:
        """Who acts. Raises PermissionDenied when there is no token, or it is not valid."""
        found = self.person_if_any(kb)
        if found is None:
            raise PermissionDenied(
                "this changes the knowledge base, and nobody said who acts; set ADDENDA_TOKEN_FILE to the file with "
                "your token, or give --token-file FILE (`init` made the first token, `person add` makes others)"
            )
        return found

    def person_if_any(self, kb: KnowledgeBase) -> Person | None:
        """Who acts; None without a token. Raises PermissionDenied when the token is not valid."""
        token = self.settings.read_token()
        if token is None:
            return None
        self._warn_about_token_file()
        return kb.authenticate(token)

    def _warn_about_token_file(self) -> None:
        path = self.settings.token_file
        if path is not None and self.settings.token is None and os.name == "posix" and path.stat().st_mode & _OTHERS:
            self.out.warn(f"the token file {str(path)!r} can be read by others; run: chmod 600 {path}")


def begin(
    kb: Path | None,
    *,
    as_json: bool,
    url: str | None = None,
    token_file: Path | None = None,
    model: str | None = None,
    write_adapter: Path | None = None,
    executive: str | None = None,
    budget: Budget | None = None,
) -> Call:
    """Read the settings; options that were given win over the environment. Raises InvalidInput."""
    settings = Settings.from_environment(os.environ)
    if kb is not None and url is not None:
        raise InvalidInput(f"--kb {str(kb)!r} names a folder and --url {url!r} a server; give one of them")
    if kb is None and url is None and settings.url is not None and "kb" in settings.model_fields_set:
        raise InvalidInput("both ADDENDA_KB and ADDENDA_URL are set; unset one, or give --kb or --url")
    given = {
        "kb": kb,
        "url": url,
        "model": model,
        "token_file": token_file,
        "write_adapter": write_adapter,
        "executive": executive,
    }
    update: dict[str, object] = {name: value for name, value in given.items() if value is not None}
    if kb is not None:
        update["url"] = None
    if token_file is not None:
        update["token"] = None
    return Call(settings.model_copy(update=update), Output(as_json=as_json), budget)


@contextmanager
def new_token_file(path: Path | None) -> Generator[Callable[[str], None]]:
    """Reserve a file for a token before the token exists, so that none is made that cannot be kept.

    Yields the function that writes the token. The file is readable by its owner alone, and disappears when the block
    raises. With None nothing happens. Raises InvalidInput when there is such a file already.
    """
    if path is None:
        yield lambda _token: None
        return
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise InvalidInput(
            f"the token file {str(path)!r} exists already and is not overwritten; name a new one, or remove it"
        ) from error
    except OSError as error:
        raise StorageUnavailable(f"cannot write the token file {str(path)!r}: {error.strerror}") from error
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        try:
            yield lambda token: _write(stream.write, token + "\n", path)
        except BaseException:
            path.unlink(missing_ok=True)
            raise


def replace_file(path: Path, text: str) -> None:
    """Write a text file that appears complete or not at all. Raises StorageUnavailable."""
    replace_bytes(path, text.encode())


def replace_bytes(path: Path, data: bytes) -> None:
    """Write a file that appears complete or not at all. Raises StorageUnavailable."""
    try:
        with NamedTemporaryFile("wb", dir=path.parent, prefix=".addenda-", delete=False) as stream:
            temporary = Path(stream.name)
            try:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
                temporary.chmod(0o644)
                temporary.replace(path)
            except BaseException:
                temporary.unlink(missing_ok=True)
                raise
    except OSError as error:
        raise StorageUnavailable(
            f"cannot write {str(path)!r}: {error.strerror}; check that the folder exists, is writable and has space"
        ) from error


def read_text(path: Path, what: str) -> str:
    """The text of a file that the user named. Raises InvalidInput when it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(
            f"the {what} {str(path)!r} cannot be read ({type(error).__name__}); check the path"
        ) from error


def fields(**values: object) -> Mapping[str, object]:
    """The keyword arguments that are not None, for types whose fields have defaults of their own."""
    return {name: value for name, value in values.items() if value is not None}


def _write(write: Callable[[str], object], text: str, path: Path) -> None:
    try:
        write(text)
    except OSError as error:
        raise StorageUnavailable(f"cannot write the token file {str(path)!r}: {error.strerror}") from error
