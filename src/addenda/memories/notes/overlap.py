"""Whether one note would overrule another: decide a case otherwise that the other decides now.

Answered from the conditions alone, for every case that could ever be asked, and in doubt with yes. A note without
conditions says what to do where nothing better is known, so a note with conditions is an exception to it and does not
overrule it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from addenda.memories.notes.cases import holds, number
from addenda.memories.notes.language import Condition
from addenda.memories.notes.notebook import HeldNote
from addenda.text import normalised


def overrules(note: HeldNote, other: HeldNote) -> bool:
    """Whether ``note`` comes before ``other`` in the notebook and concludes something else about a case of both.

    False where one of them is in free text, because neither then decides before the other.
    """
    if note.conditions is None or other.conditions is None or note.answer is None or other.answer is None:
        return False
    if not other.conditions and note.conditions:
        return False
    otherwise = normalised(note.answer) != normalised(other.answer)
    return otherwise and note.order < other.order and can_all_hold((*note.conditions, *other.conditions))


def can_all_hold(conditions: Iterable[Condition]) -> bool:
    """Whether some case could meet all these conditions."""
    about: defaultdict[str, list[Condition]] = defaultdict(list)
    for condition in conditions:
        about[normalised(condition.attribute)].append(condition)
    return all(_some_value_meets(attribute, wanted) for attribute, wanted in about.items())


def _some_value_meets(attribute: str, conditions: Sequence[Condition]) -> bool:
    """Whether a value of one attribute meets all conditions about it; where only numbers are bounded, in doubt yes."""
    named = next((one for one in conditions if one.test == "is"), None)
    if named is not None:
        values = {attribute: normalised(named.value)}
        return all(holds(condition, values) for condition in conditions)
    bounds = [(one.test, number(normalised(one.value))) for one in conditions if one.test != "is not"]
    known = [(test, bound) for test, bound in bounds if bound is not None]
    if len(known) < len(bounds):  # a bound that is no number is met by nothing
        return False
    least = [bound for test, bound in known if test == "is at least"]
    limits = [bound for test, bound in known if test == "is below"]
    return not least or not limits or max(least) < min(limits)
