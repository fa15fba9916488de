"""Shared mode's solver: plain gradient descent on the shared matrix, exactly, without touching the matrix.

The projection's input is constant during an edit, so every gradient of the matrix is a combination of the same n masked
inputs: dL/dW = G' X with G (n, H) the loss's gradient at the projection's output. Gradient descent on W (H, D)
therefore is gradient descent on coefficients A (n, H) with W = W_prev + A' X:

    output = base + X W_prev' + K A,     K = X X' (n, n, once)
    A <- (1 - rate decay) A - rate c G,  c = min(1, clip / |dL/dW|),  |dL/dW|^2 = sum((K G) * G)

which is the published optimisation (MEMOIR, algorithm 1) at the cost of the upper blocks alone. Only Adam, whose step
is elementwise in W, could not be written so. Decay acts on the edit's own delta, never on earlier edits. Edits are
solved one after another, each in the presence of those before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from addenda.memories.base import ProgressCallback
from addenda.memories.edits.algebra import low_rank_svd
from addenda.memories.edits.config import EditsConfig
from addenda.memories.edits.held import Held, add_delta
from addenda.memories.edits.records import EditRequest, SolvedEdit
from addenda.memories.edits.replay import IGNORED, Captured, capture, row_losses
from addenda.memories.edits.solver import Bench, Encoded, encode_in_parts, live_columns, neighbour_bits


@dataclass(frozen=True, slots=True)
class Descent:
    """The outcome of gradient descent in coefficient space."""

    coefficients: Tensor
    """A, (n, H)."""
    inputs: Tensor
    """X on the live columns, (n, k)."""
    losses: tuple[float, ...]
    """The loss before each step, in nats."""


def gram_descent(
    captured: Captured, live: Tensor, previous: Tensor | None, config: EditsConfig, decay: float = 0.0
) -> Descent:
    """Gradient descent on the live columns (k,) of the shared matrix, for one edit.

    ``previous`` (H, D) is the matrix before this edit; ``decay`` the weight decay of the edit's own delta. Stops when
    the mean loss over the rows reaches ``config.stop_loss``, or after ``config.steps`` steps.
    """
    valid = captured.valid
    x = captured.inputs[valid].index_select(-1, live)
    x = x if x.dtype == torch.float64 else x.float()
    gram = x @ x.T
    before = x.new_zeros(len(x), captured.base.shape[-1])
    if previous is not None:
        before = x @ previous.index_select(-1, live).to(x.dtype).T
    a = torch.zeros_like(before)
    losses: list[float] = []
    for step in range(config.steps + 1):
        output = (before + gram @ a).requires_grad_(True)
        offsets = torch.zeros_like(captured.base).masked_scatter(valid.unsqueeze(-1), output.to(captured.base.dtype))
        loss = row_losses(captured.logits(offsets), captured.labels).mean()
        losses.append(float(loss.detach()))
        if step == config.steps or losses[-1] <= config.stop_loss:
            break
        (gradient,) = torch.autograd.grad(loss, output)
        norm = ((gram @ gradient) * gradient).sum().clamp(min=0).sqrt()
        scale = torch.clamp(config.clip / (norm + 1e-6), max=1.0)
        a = (1 - config.rate * decay) * a - config.rate * scale * gradient
    return Descent(a, x, tuple(losses))


def solve_shared(
    bench: Bench, requests: Sequence[EditRequest], held: Held, progress: ProgressCallback | None = None
) -> list[SolvedEdit]:
    """Solve edits one after another on top of what is held; the result has the order of ``requests``."""
    matrix = held.shared.clone()
    solved: list[SolvedEdit] = []
    for encoded in encode_in_parts(bench, requests):
        for item in encoded:
            edit = _solve(bench, item, matrix)
            add_delta(matrix, edit)
            solved.append(edit)
            if progress is not None:
                progress(len(solved), len(requests))
    return solved


def _solve(bench: Bench, item: Encoded, matrix: Tensor) -> SolvedEdit:
    config, basis = bench.config, bench.basis
    samples = item.samples[: config.optimised_wordings]
    captured = capture(bench.network, bench.place, samples, whole=basis.span == "all")
    columns = live_columns(basis, item.features)
    live = torch.from_numpy(columns).to(captured.inputs.device)
    previous = matrix.to(captured.inputs.device)
    descent = gram_descent(captured, live, previous, config)
    left, right, loss, exact = _truncate(captured, live, previous, descent, config)
    return SolvedEdit(
        basis=basis.digest,
        keys=basis.bits(item.features),
        neighbours=neighbour_bits(basis, item.neighbours),
        columns=columns,
        left=left.cpu(),
        right=right.cpu(),
        loss=loss,
        exact=exact,
        steps=len(descent.losses) - 1,
    )


def _truncate(
    captured: Captured, live: Tensor, previous: Tensor, descent: Descent, config: EditsConfig
) -> tuple[Tensor, Tensor, float, bool]:
    """Rounded factors of the smallest rank, from ``config.rank`` on by doubling, that keeps the loss;

    and their check.
    """
    u, s, v = low_rank_svd(descent.coefficients.T, descent.inputs)
    kind = getattr(torch, config.storage)
    bound = max(2 * descent.losses[-1], config.stop_loss)
    rank = min(config.rank, len(s))
    while True:
        left, right = (u[:, :rank] * s[:rank]).to(kind), v[:rank].to(kind)
        loss, exact = _evaluate(captured, live, previous, left, right)
        if loss <= bound or rank == len(s):
            return left, right, loss, exact
        rank = min(2 * rank, len(s))


def _evaluate(captured: Captured, live: Tensor, previous: Tensor, left: Tensor, right: Tensor) -> tuple[float, bool]:
    x = captured.inputs.index_select(-1, live)
    matrix = previous.index_select(-1, live) + left.float() @ right.float()
    with torch.no_grad():
        logits = captured.logits(x @ matrix.to(x.dtype).T)
    loss = float(row_losses(logits, captured.labels).max())
    return loss, bool(((logits.argmax(-1) == captured.labels) | (captured.labels == IGNORED)).all())
