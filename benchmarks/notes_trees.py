"""A decision tree to compare the learner with: scikit-learn's, which no part of Addenda needs.

Where scikit-learn is not installed, nothing is compared (`pip install scikit-learn`).
"""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
from collections.abc import Sequence

SKLEARN = importlib.util.find_spec("sklearn") is not None
"""Whether there is a library to compare with."""


def tree_said(
    trained: Sequence[Sequence[float]],
    labels: Sequence[str],
    asked: Sequence[Sequence[float]],
    *,
    least_in_leaf: int,
    seed: int,
) -> list[str]:
    """What a decision tree that was trained with labels says of other cases."""
    trees = importlib.import_module("sklearn.tree")
    tree = trees.DecisionTreeClassifier(random_state=seed, min_samples_leaf=least_in_leaf)
    return [str(one) for one in tree.fit(trained, labels).predict(asked)]


def versions() -> dict[str, str]:
    """The library's version, where it is installed."""
    return {"scikit-learn": importlib.metadata.version("scikit-learn")} if SKLEARN else {}
