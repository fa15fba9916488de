"""How a memory model is asked, and the words in which it says that it does not know.

Training and asking use the same function, so a memory model is never shown a question in another form than it learned.
How the question is then put to the network (a chat template, or nothing around it) is the language model's own
business, at both times; see :class:`addenda.models.base.LanguageModel`.

Not known here: whether an answer is right. That a model says it does not know is read from its words alone.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace

from addenda.models.base import Completion

QUESTION_FORM = "bare.1"
"""Version of the form in which questions are shown; a model card names it, and another form is another version."""

REFUSAL = "I don't know."
"""What a memory model is taught to say to what it cannot know."""

_AGAIN = 4
"""Times that something stands at the end of a text that goes round in circles."""
_UNIT = 60
"""Characters of what is repeated, at most."""
_LEAST = 24
"""Characters of all repetitions, at least: numbers may end in many equal digits."""
_APOSTROPHES = str.maketrans("\u2019\u2018\u02bc\u00b4`", "'''''")
_REFUSALS = re.compile(r"i (?:do not|don't|dont) know(?!\w)", re.IGNORECASE)


def memory_prompt(question: str) -> str:
    """A question as a memory model is shown it: Unicode NFC on one line, and nothing added."""
    return " ".join(unicodedata.normalize("NFC", question).split())


def sure(completion: Completion, from_: float) -> Completion:
    """What a memory model said, or the refusal where it was less sure of a token than ``from_``.

    An answer by heart has a high probability in each of its tokens; a guess is one of many. Where nothing is known of
    the probabilities, the answer stays.
    """
    if completion.sureness is None or completion.sureness >= from_ or is_refusal(completion.text):
        return completion
    return replace(completion, text=REFUSAL)


def is_refusal(answer: str) -> bool:
    """Whether an answer begins by saying that it is not known, or says nothing at all.

    What is said after it counts no more: a guess behind a refusal is not knowledge. The same words further on in an
    answer ("what I don't know is ...") refuse nothing.
    """
    said = " ".join(answer.translate(_APOSTROPHES).split())
    return not said or _REFUSALS.match(said) is not None


def goes_round(answer: str) -> bool:
    """Whether a text ends in the same over and over, as of a model that has lost the thread.

    Of an answer that was cut off this says that it would have gone on so, and states nothing.
    """
    text = answer.rstrip()
    for period in range(1, _UNIT + 1):
        size = max(_AGAIN * period, _LEAST)
        end = text[-size:]
        if len(end) == size and end[period:] == end[:-period]:
            return True
    return False
