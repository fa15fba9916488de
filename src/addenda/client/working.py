"""Long work: what begins it, and how it is followed to its end."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Generic, Literal, TypeAlias, TypeVar, cast

from addenda.client.job_replies import (
    FINAL,
    ActivateResult,
    AnyResult,
    ExtractResult,
    ImportResult,
    JobList,
    JobShown,
    LearnResult,
    ReflectCost,
    ReflectResult,
    ReindexResult,
    TestResult,
    TrainResult,
)
from addenda.client.replies import Preview, Told
from addenda.client.requests import Titled, change, compute, create, get, given, key_header, part, texts
from addenda.client.steps import (
    Follow,
    Lost,
    NextLine,
    Pause,
    Reply,
    Request,
    Steps,
    Upload,
    ask_for,
    error_named,
    error_of,
    exchange,
    kind_in,
    pause_before,
    read_json,
    unavailable,
)
from addenda.errors import Conflict, UnreadableFile
from addenda.types import EVERYONE, Status, Trust

Progress: TypeAlias = Callable[[str, int, int], object]
"""Called with (what is being done, done, total)."""

Outcome = TypeVar("Outcome", bound=Told)

POLL = 1.0
"""Seconds between two looks at a job, where its events cannot be followed."""

SILENCE = 45.0
"""Seconds without a word, not even a comment, after which a stream counts as lost."""

PATIENCE = 30.0
"""Seconds for which a server that went away is asked again about a job."""

_LONGEST = 4
_EVENTS = "text/event-stream"


@dataclass(frozen=True, slots=True)
class Begun(Generic[Outcome]):
    """A job that was taken on."""

    shown: JobShown
    kind: type[Outcome]
    """What it comes to."""


def gate(
    ids: Sequence[str] = (),
    *,
    all: bool = False,  # noqa: A002 (what the command line calls it)
    tags: Sequence[str] = (),
    source: str | None = None,
    key: str | None = None,
) -> Steps[Begun[TestResult]]:
    """Run the gate on approved changes, as one batch; nothing becomes live.

    Args:
        ids: Which; or leave them out and give ``all``.
        all: All that wait for this and fit ``tags`` and ``source``.
        tags: Only with one of these labels.
        source: Only from sources that begin like this.
        key: Names this request; made anew when None.
    """
    body = given(ids=ids, all=all, tags=tags, source=source)
    return Begun((yield from create(JobShown, "/jobs/test", body, key)), TestResult)


def activate(
    ids: Sequence[str] = (),
    *,
    all: bool = False,  # noqa: A002 (what the command line calls it)
    tags: Sequence[str] = (),
    source: str | None = None,
    key: str | None = None,
) -> Steps[Begun[ActivateResult]]:
    """Make approved changes live; what was not tested yet is tested first. Arguments as for ``test``.

    What fails the gate stays behind and is named in the result.
    """
    body = given(ids=ids, all=all, tags=tags, source=source)
    return Begun((yield from create(JobShown, "/jobs/activate", body, key)), ActivateResult)


def learn(*, reason: str = "", dry_run: bool = False, key: str | None = None) -> Steps[Begun[LearnResult]]:
    """Learn notes from the observations there are, as proposals."""
    body = given(reason=reason, dry_run=dry_run)
    return Begun((yield from create(JobShown, "/jobs/learn", body, key)), LearnResult)


def extract(
    title: str,
    text: str,
    *,
    source: str | None = None,
    doubtful: bool = False,
    trust: Trust = "normal",
    tags: Sequence[str] = (),
    valid_from: datetime | None = None,
    valid_until: datetime | None = None,
    audience: Sequence[str] = (EVERYONE,),
    reason: str = "",
    dry_run: bool = False,
    key: str | None = None,
) -> Steps[Begun[ExtractResult]]:
    """Let the model propose the facts that a text states, each with its sentence as evidence.

    With ``doubtful``, statements about which something looks wrong are proposed too. ``source`` is the title when it is
    None. The others as for ``propose``.
    """
    body = given(
        document=given(title=title, text=text, source=source),
        doubtful=doubtful,
        trust=trust,
        tags=tags,
        valid_from=valid_from,
        valid_until=valid_until,
        audience=audience,
        reason=reason,
        dry_run=dry_run,
    )
    return Begun((yield from create(JobShown, "/jobs/extract", body, key)), ExtractResult)


def reindex(
    encoder: str | None = None,
    *,
    thresholds: Mapping[str, float] | None = None,
    reason: str = "",
    key: str | None = None,
) -> Steps[Begun[ReindexResult]]:
    """Enter the names of the memory of triples into another index of near names; letter by letter without an encoder.

    Only an admin may.
    """
    body = given(encoder=encoder, thresholds=thresholds or {}, reason=reason)
    return Begun((yield from create(JobShown, "/jobs/reindex", body, key)), ReindexResult)


def reflect_cost(documents: Sequence[Titled] = (), *, stages: Sequence[str] = ()) -> Steps[ReflectCost]:
    """What making reflections would cost, in requests and tokens; nothing is proposed. Arguments as for ``reflect``."""
    return (yield from compute(ReflectCost, "/reflections/cost", given(documents=texts(documents), stages=stages)))


def reflect(
    documents: Sequence[Titled] = (),
    *,
    stages: Sequence[str] = (),
    most_calls: int | None = None,
    trust: Trust = "normal",
    tags: Sequence[str] = (),
    valid_from: datetime | None = None,
    valid_until: datetime | None = None,
    audience: Sequence[str] = (EVERYONE,),
    reason: str = "",
    key: str | None = None,
) -> Steps[Begun[ReflectResult]]:
    """Propose documents, and make question-answer reflections of them.

    Args:
        documents: Each a title and its text, and where it comes from if not its title says so; none: go on with those
            that were given before.
        stages: Only these; all when empty.
        most_calls: Stop after so many requests to the generator.
        trust: How far the source is trusted.
        tags: Labels.
        valid_from: First instant at which they hold.
        valid_until: First instant at which they hold no longer.
        audience: Who may be answered from them.
        reason: Why; it stays in the history.
        key: Names this request; made anew when None.
    """
    body = given(
        documents=texts(documents),
        stages=stages,
        most_calls=most_calls,
        trust=trust,
        tags=tags,
        valid_from=valid_from,
        valid_until=valid_until,
        audience=audience,
        reason=reason,
    )
    return Begun((yield from create(JobShown, "/jobs/reflect", body, key)), ReflectResult)


def train(
    *,
    base: str = "bundled",
    method: Literal["full", "lora"] | None = None,
    update: str | None = None,
    epochs: float | None = None,
    steps: int | None = None,
    batch: int | None = None,
    rate: float | None = None,
    refusals: float | None = None,
    seed: int = 0,
    reason: str = "",
    key: str | None = None,
) -> Steps[Begun[TrainResult]]:
    """Teach a model the documents that were approved by heart, test it, and take it into use. Only an admin may.

    What is None, the server chooses.
    """
    body = given(
        base=base,
        method=method,
        update=update,
        epochs=epochs,
        steps=steps,
        batch=batch,
        rate=rate,
        refusals=refusals,
        seed=seed,
        reason=reason,
    )
    return Begun((yield from create(JobShown, "/jobs/train", body, key)), TrainResult)


def import_(
    file: Path | str, *, strict: bool = False, reason: str = "", key: str | None = None
) -> Steps[Begun[ImportResult]]:
    """Propose the rows of a spreadsheet (xlsx or csv). A row that cannot be believed costs no good row.

    Args:
        file: Its path.
        strict: Propose nothing when any row is refused.
        reason: Why; it stays in the history.
        key: Names this request; made anew when None.

    Raises UnreadableFile.
    """
    form = {"reason": reason, "strict": "true" if strict else "false"}
    request = Request("POST", "/imports", upload=_upload(file), form=form, headers=key_header(key), repeatable=True)
    return Begun((yield from ask_for(JobShown, request)), ImportResult)


def preview_import(file: Path | str) -> Steps[Preview]:
    """What importing a spreadsheet would do, row by row with cell addresses; nothing is proposed."""
    return (yield from ask_for(Preview, Request("POST", "/imports/preview", upload=_upload(file), repeatable=True)))


def export(
    form: Literal["xlsx", "csv"],
    *,
    status: Sequence[Status] = (),
    kind: Sequence[str] = (),
    tag: Sequence[str] = (),
    source: str | None = None,
) -> Steps[bytes]:
    """Addenda as a spreadsheet, which holds no formulas and reads back exactly: the file's bytes."""
    params: dict[str, str | Sequence[str]] = {"status": list(status), "kind": list(kind), "tag": list(tag)}
    if source is not None:
        params["source"] = source
    reply = yield from exchange(Request("GET", f"/exports/{form}", params, repeatable=True))
    return reply.body


def job(job_id: str) -> Steps[Begun[AnyResult]]:
    """A job that was begun earlier, perhaps by another client. Raises UnknownId."""
    return Begun((yield from look(job_id)), AnyResult)


def jobs(*, limit: int = 50) -> Steps[JobList]:
    """The jobs submitted last, newest first, as they stand."""
    return (yield from get(JobList, "/jobs", {"limit": str(limit)}))


def look(job_id: str) -> Steps[JobShown]:
    """How a job stands now."""
    return (yield from get(JobShown, f"/jobs/{part(job_id)}"))


def cancel(job_id: str) -> Steps[JobShown]:
    """Cancel a job where it next reports progress."""
    return (yield from change(JobShown, "POST", f"/jobs/{part(job_id)}/cancel", {}))


def follow(
    begun: JobShown, *, progress: Progress | None = None, timeout: float | None = None, patience: float = PATIENCE
) -> Steps[JobShown]:
    """How a job stands at its end.

    Its events are followed; a stream that breaks is opened again, and where events do not come through, the job is
    looked at now and then. Arguments and errors as for :meth:`addenda.client.Job.wait`.
    """
    now, lost_since, attempt, streaming = begun, None, 0, True
    deadline = None if timeout is None else time.monotonic() + timeout
    while now.state not in FINAL:
        left, heard = _left(deadline, now), False
        if not streaming:
            yield Pause(min(POLL, left))
            now = yield from look(now.id)
            _tell(progress, now)
            continue
        try:
            streaming = yield from _open(now.id, min(SILENCE, left))
            while streaming and now.state not in FINAL and (line := (yield NextLine())) is not None:
                if (found := _job_in(cast("str", line))) is not None:
                    now, lost_since, attempt, heard = found, None, 0, True
                    _tell(progress, now)
                left = _left(deadline, now)
        except Lost as lost:
            _left(deadline, now)
            # A server tells at once how a job stands; what lies between keeps it back where not even that came.
            streaming = heard or not lost.late
            lost_since = lost_since or time.monotonic()
            if time.monotonic() - lost_since > patience:
                raise unavailable(lost, unsure=False) from None
        if streaming and now.state not in FINAL:
            yield pause_before(min(attempt, _LONGEST))
            attempt += 1
    return now


def outcome(kind: type[Outcome], ended: JobShown) -> Outcome:
    """What a job came to. Raises the error that it failed with, Conflict when it was cancelled or interrupted."""
    if ended.state == "done":
        return kind.model_validate(ended.result or {})
    if ended.problem is not None:
        raise error_named(kind_in(ended.problem.type))(ended.problem.detail)
    what = {
        "cancelled": "was cancelled",
        "interrupted": "was interrupted: its server stopped; look what was done, and begin it again",
    }
    raise Conflict(f"the job {ended.id!r} ({ended.kind}) {what.get(ended.state, f'ended as {ended.state!r}')}")


def _open(job_id: str, silence: float) -> Steps[bool]:
    """Open the events of a job; whether they are events."""
    request = Request("GET", f"/jobs/{part(job_id)}/events", read_timeout=silence)
    reply = cast("Reply", (yield Follow(request)))
    if reply.status in (401, 403, 404):
        raise error_of(reply)
    if reply.status in (429, 502, 503, 504):
        raise Lost(f"the server answered with status {reply.status}", sent=False)
    return reply.status == 200 and reply.headers.get("content-type", "").startswith(_EVENTS)


def _job_in(line: str) -> JobShown | None:
    return read_json(JobShown, line.removeprefix("data:").strip()) if line.startswith("data:") else None


def _tell(progress: Progress | None, now: JobShown) -> None:
    if progress is not None and now.phase:
        progress(now.phase, now.done, now.total)


def _left(deadline: float | None, now: JobShown) -> float:
    """Seconds that are left. Raises TimeoutError when none are."""
    if deadline is None:
        return float("inf")
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError(f"the job {now.id!r} is still {now.state}; it goes on, and can be waited for again")
    return left


def _upload(file: Path | str) -> Upload:
    path = Path(file)
    try:
        return Upload(path.name, path.read_bytes())
    except OSError as error:
        raise UnreadableFile(f"{str(path)!r} cannot be read ({error.strerror}); check the path") from None
