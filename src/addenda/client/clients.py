"""The two clients and their jobs: every verb is written once, and each client has it in its own way."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
from functools import wraps
from typing import Any, Concatenate, Generic, ParamSpec, Self, TypeVar

from addenda.client import answering, changes, governing, working
from addenda.client.address import Address, address_of
from addenda.client.job_replies import JobShown
from addenda.client.replies import Told
from addenda.client.requests import Listing
from addenda.client.steps import Steps
from addenda.client.working import PATIENCE, Begun, Progress
from addenda.errors import InvalidInput, MissingDependency
from addenda.settings import Settings

TIMEOUT = 60.0
"""Seconds that a server has for an answer."""
ANSWER_TIMEOUT = 600.0
"""Seconds that it has where a model is asked."""

_NEEDS = "the client needs {name!r}, which is not installed; run: pip install 'addenda[remote]'"

_P = ParamSpec("_P")
_Result = TypeVar("_Result")
_Item = TypeVar("_Item")
_Outcome = TypeVar("_Outcome", bound=Told)


def _blocking(verb: Callable[_P, Steps[_Result]]) -> Callable[Concatenate[Client, _P], _Result]:
    @wraps(verb)
    def call(client: Client, *args: _P.args, **kwargs: _P.kwargs) -> _Result:
        return client.run(verb(*args, **kwargs))

    return call


def _blocking_job(verb: Callable[_P, Steps[Begun[_Outcome]]]) -> Callable[Concatenate[Client, _P], Job[_Outcome]]:
    @wraps(verb)
    def call(client: Client, *args: _P.args, **kwargs: _P.kwargs) -> Job[_Outcome]:
        return Job(client, client.run(verb(*args, **kwargs)))

    return call


def _blocking_list(verb: Callable[_P, Listing[_Item]]) -> Callable[Concatenate[Client, _P], Iterator[_Item]]:
    @wraps(verb)
    def call(client: Client, *args: _P.args, **kwargs: _P.kwargs) -> Iterator[_Item]:
        listing, cursor, first = verb(*args, **kwargs), None, True
        while first or cursor is not None:
            items, cursor = client.run(listing.page(cursor))
            first = False
            yield from items

    return call


def _awaiting(
    verb: Callable[_P, Steps[_Result]],
) -> Callable[Concatenate[AsyncClient, _P], Coroutine[Any, Any, _Result]]:
    @wraps(verb)
    async def call(client: AsyncClient, *args: _P.args, **kwargs: _P.kwargs) -> _Result:
        return await client.run(verb(*args, **kwargs))

    return call


def _awaiting_job(
    verb: Callable[_P, Steps[Begun[_Outcome]]],
) -> Callable[Concatenate[AsyncClient, _P], Coroutine[Any, Any, AsyncJob[_Outcome]]]:
    @wraps(verb)
    async def call(client: AsyncClient, *args: _P.args, **kwargs: _P.kwargs) -> AsyncJob[_Outcome]:
        return AsyncJob(client, await client.run(verb(*args, **kwargs)))

    return call


def _awaiting_list(
    verb: Callable[_P, Listing[_Item]],
) -> Callable[Concatenate[AsyncClient, _P], AsyncIterator[_Item]]:
    @wraps(verb)
    async def call(client: AsyncClient, *args: _P.args, **kwargs: _P.kwargs) -> AsyncIterator[_Item]:
        listing, cursor, first = verb(*args, **kwargs), None, True
        while first or cursor is not None:
            items, cursor = await client.run(listing.page(cursor))
            first = False
            for item in items:
                yield item

    return call


class _Connection:
    """What both clients are made of."""

    def __init__(
        self,
        url: str,
        *,
        token: str | None = None,
        kb: str | None = None,
        timeout: float = TIMEOUT,
        answer_timeout: float = ANSWER_TIMEOUT,
        allow_plain_http: bool = False,
    ) -> None:
        """Say where the server is; nothing is sent yet.

        Args:
            url: Its address, for example ``http://127.0.0.1:8331``; ``#NAME`` behind it names a knowledge base.
            token: Says who acts. It is in no representation and no error.
            kb: Name of the knowledge base; ``default`` when neither this nor the address names one.
            timeout: Seconds that the server has for an answer; ``answer_timeout``: where a model is asked.
            allow_plain_http: Whether the token may go unencrypted to another machine.

        Raises InvalidInput for an address that cannot be used, MissingDependency without the extra ``remote``.
        """
        self._address = address_of(url, kb=kb, token=token, allow_plain_http=allow_plain_http)
        self._timeouts = (timeout, answer_timeout)
        try:
            self._connect()
        except ModuleNotFoundError as error:
            raise MissingDependency(_NEEDS.format(name=error.name)) from error

    def _connect(self) -> None:
        """Make the transport, with the library that it needs."""
        raise NotImplementedError

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> Self:
        """A client for ADDENDA_URL, acting as whose token is in ADDENDA_TOKEN or the file ADDENDA_TOKEN_FILE.

        Args:
            environ: Where these names are looked up; the process's environment when None.

        Raises InvalidInput without an address, UnreadableFile for a token file that cannot be read.
        """
        settings = Settings.from_environment(os.environ if environ is None else environ)
        if settings.url is None:
            raise InvalidInput("ADDENDA_URL is not set; set it to the server's address, as http://127.0.0.1:8331")
        return cls(settings.url, token=settings.read_token(), allow_plain_http=settings.plain_http)

    @property
    def address(self) -> Address:
        """Where the server is."""
        return self._address

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._address.origin + '#' + self._address.kb!r})"


class Client(_Connection):
    """A client that blocks. Close it, or use it in a ``with`` block; threads may share it."""

    def _connect(self) -> None:
        from addenda.client.wire import BlockingWire

        self._wire = BlockingWire(self._address, *self._timeouts)

    def close(self) -> None:
        """Close every connection."""
        self._wire.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def run(self, steps: Steps[_Result]) -> _Result:
        """Do the steps of a verb."""
        return self._wire.run(steps)

    propose = _blocking(changes.propose)
    propose_all = _blocking(changes.propose_all)
    show = _blocking(changes.show)
    history = _blocking(changes.history)
    approve = _blocking(changes.approve)
    reject = _blocking(changes.reject)
    review = _blocking(changes.review)
    disable = _blocking(changes.disable)
    enable = _blocking(changes.enable)
    rollback = _blocking(changes.rollback)
    expire = _blocking(changes.expire)
    erase = _blocking(changes.erase)
    preview_import = _blocking(working.preview_import)
    export = _blocking(working.export)
    jobs = _blocking(working.jobs)
    reflect_cost = _blocking(working.reflect_cost)
    ask = _blocking(answering.ask)
    answer = _blocking(answering.answer)
    explain = _blocking(answering.explain)
    feedback = _blocking(answering.feedback)
    read = _blocking(answering.read)
    notes = _blocking(answering.notes)
    observe = _blocking(answering.observe)
    me = _blocking(governing.me)
    people = _blocking(governing.people)
    add_person = _blocking(governing.add_person)
    change_roles = _blocking(governing.change_roles)
    tokens = _blocking(governing.tokens)
    issue_token = _blocking(governing.issue_token)
    link_identity = _blocking(governing.link_identity)
    revoke_token = _blocking(governing.revoke_token)
    revoke_tokens = _blocking(governing.revoke_tokens)
    policy = _blocking(governing.policy)
    set_policy = _blocking(governing.set_policy)
    thresholds = _blocking(governing.thresholds)
    set_thresholds = _blocking(governing.set_thresholds)
    relations = _blocking(governing.relations)
    relation = _blocking(governing.relation)
    declare_relation = _blocking(governing.declare_relation)
    suite = _blocking(governing.suite)
    change_suite = _blocking(governing.change_suite)
    waiting = _blocking(governing.waiting)
    confirm = _blocking(governing.confirm)
    drop = _blocking(governing.drop)
    head = _blocking(governing.head)
    verify = _blocking(governing.verify)
    test = _blocking_job(working.gate)
    activate = _blocking_job(working.activate)
    learn = _blocking_job(working.learn)
    extract = _blocking_job(working.extract)
    reindex = _blocking_job(working.reindex)
    reflect = _blocking_job(working.reflect)
    train = _blocking_job(working.train)
    import_ = _blocking_job(working.import_)
    job = _blocking_job(working.job)
    list = _blocking_list(changes.list_)
    events = _blocking_list(governing.events)


class AsyncClient(_Connection):
    """A client that awaits. Close it, or use it in an ``async with`` block."""

    def _connect(self) -> None:
        from addenda.client.wire import AwaitingWire

        self._wire = AwaitingWire(self._address, *self._timeouts)

    async def close(self) -> None:
        """Close every connection."""
        await self._wire.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def run(self, steps: Steps[_Result]) -> _Result:
        """Do the steps of a verb."""
        return await self._wire.run(steps)

    propose = _awaiting(changes.propose)
    propose_all = _awaiting(changes.propose_all)
    show = _awaiting(changes.show)
    history = _awaiting(changes.history)
    approve = _awaiting(changes.approve)
    reject = _awaiting(changes.reject)
    review = _awaiting(changes.review)
    disable = _awaiting(changes.disable)
    enable = _awaiting(changes.enable)
    rollback = _awaiting(changes.rollback)
    expire = _awaiting(changes.expire)
    erase = _awaiting(changes.erase)
    preview_import = _awaiting(working.preview_import)
    export = _awaiting(working.export)
    jobs = _awaiting(working.jobs)
    reflect_cost = _awaiting(working.reflect_cost)
    ask = _awaiting(answering.ask)
    answer = _awaiting(answering.answer)
    explain = _awaiting(answering.explain)
    feedback = _awaiting(answering.feedback)
    read = _awaiting(answering.read)
    notes = _awaiting(answering.notes)
    observe = _awaiting(answering.observe)
    me = _awaiting(governing.me)
    people = _awaiting(governing.people)
    add_person = _awaiting(governing.add_person)
    change_roles = _awaiting(governing.change_roles)
    tokens = _awaiting(governing.tokens)
    issue_token = _awaiting(governing.issue_token)
    link_identity = _awaiting(governing.link_identity)
    revoke_token = _awaiting(governing.revoke_token)
    revoke_tokens = _awaiting(governing.revoke_tokens)
    policy = _awaiting(governing.policy)
    set_policy = _awaiting(governing.set_policy)
    thresholds = _awaiting(governing.thresholds)
    set_thresholds = _awaiting(governing.set_thresholds)
    relations = _awaiting(governing.relations)
    relation = _awaiting(governing.relation)
    declare_relation = _awaiting(governing.declare_relation)
    suite = _awaiting(governing.suite)
    change_suite = _awaiting(governing.change_suite)
    waiting = _awaiting(governing.waiting)
    confirm = _awaiting(governing.confirm)
    drop = _awaiting(governing.drop)
    head = _awaiting(governing.head)
    verify = _awaiting(governing.verify)
    test = _awaiting_job(working.gate)
    activate = _awaiting_job(working.activate)
    learn = _awaiting_job(working.learn)
    extract = _awaiting_job(working.extract)
    reindex = _awaiting_job(working.reindex)
    reflect = _awaiting_job(working.reflect)
    train = _awaiting_job(working.train)
    import_ = _awaiting_job(working.import_)
    job = _awaiting_job(working.job)
    list = _awaiting_list(changes.list_)
    events = _awaiting_list(governing.events)


class _Work(Generic[_Outcome]):
    """What both kinds of jobs know."""

    def __init__(self, begun: Begun[_Outcome]) -> None:
        """Take what was begun."""
        self._kind = begun.kind
        self._shown = begun.shown

    @property
    def id(self) -> str:
        """The job's id, under which another client finds it."""
        return self._shown.id

    @property
    def shown(self) -> JobShown:
        """How it stood when it was last looked at."""
        return self._shown

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._shown.kind} {self.id}: {self._shown.state})"


class Job(_Work[_Outcome]):
    """Long work that a server does."""

    def __init__(self, client: Client, begun: Begun[_Outcome]) -> None:
        """Take the client that began it."""
        super().__init__(begun)
        self._client = client

    def wait(
        self, *, progress: Progress | None = None, timeout: float | None = None, patience: float = PATIENCE
    ) -> _Outcome:
        """Wait until it has ended, and return what it came to.

        Args:
            progress: Called with (what is being done, done, total) whenever it moves on.
            timeout: Seconds after which to stop waiting; the job goes on.
            patience: Seconds for which a server that went away is asked again.

        Raises the error that the job failed with, Conflict when it was cancelled or its server stopped, TimeoutError,
        ServerUnavailable.
        """
        self._shown = self._client.run(
            working.follow(self._shown, progress=progress, timeout=timeout, patience=patience)
        )
        return working.outcome(self._kind, self._shown)

    def refresh(self) -> JobShown:
        """Look how it stands now."""
        self._shown = self._client.run(working.look(self.id))
        return self._shown

    def cancel(self) -> JobShown:
        """Cancel it where it next reports progress. Raises Conflict when it has ended, PermissionDenied."""
        self._shown = self._client.run(working.cancel(self.id))
        return self._shown


class AsyncJob(_Work[_Outcome]):
    """Long work that a server does, awaited."""

    def __init__(self, client: AsyncClient, begun: Begun[_Outcome]) -> None:
        """Take the client that began it."""
        super().__init__(begun)
        self._client = client

    async def wait(
        self, *, progress: Progress | None = None, timeout: float | None = None, patience: float = PATIENCE
    ) -> _Outcome:
        """Wait until it has ended, as :meth:`Job.wait` does."""
        self._shown = await self._client.run(
            working.follow(self._shown, progress=progress, timeout=timeout, patience=patience)
        )
        return working.outcome(self._kind, self._shown)

    async def refresh(self) -> JobShown:
        """Look how it stands now."""
        self._shown = await self._client.run(working.look(self.id))
        return self._shown

    async def cancel(self) -> JobShown:
        """Cancel it where it next reports progress. Raises Conflict when it has ended, PermissionDenied."""
        self._shown = await self._client.run(working.cancel(self.id))
        return self._shown
