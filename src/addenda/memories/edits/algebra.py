"""The few pieces of linear algebra that both solvers need, with exact types."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor


def low_rank_svd(left: Tensor, right: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Singular vectors and values of the product left (H, n) right (n, k), without forming it when n is small.

    Returns U (H, r), s (r,), V (r, k) with r <= min(H, n, k); through two thin QR decompositions.
    """
    q_left, r_left = cast("tuple[Tensor, Tensor]", torch.linalg.qr(left))
    q_right, r_right = cast("tuple[Tensor, Tensor]", torch.linalg.qr(right.T))
    u, s, v = cast("tuple[Tensor, Tensor, Tensor]", torch.linalg.svd(r_left @ r_right.T, full_matrices=False))
    return q_left @ u, s, v @ q_right.T


def ridge_dual(x: Tensor, ridge: float) -> Tensor:
    """(K + lambda I)^-1 X for X (n, k), K = X X' and lambda = ``ridge`` times the mean of K's diagonal: (n, k)."""
    gram = x @ x.T
    weight = ridge * gram.diagonal().mean().clamp(min=1e-12)
    return cast("Tensor", torch.linalg.solve(gram + weight * torch.eye(len(x), dtype=x.dtype, device=x.device), x))
