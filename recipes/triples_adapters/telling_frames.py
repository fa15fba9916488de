"""The English frames of the grammar of tellings; see `telling_grammar`, which fills them.

`{s}` stands for the name and `{o}` for the value; `{n}` is a noun of the attribute, `{v}` and `{b}` a verb of it in the
third person and in the infinitive, `{c}` a clause with both, `{r}` what follows a person, `{z}` an everyday word. The
other letters are talk (`filler`). Written without looking at `unseen.py`.
"""

from __future__ import annotations

NOUN_FRAMES = (
    "the {n} of {s} is {o}", "the {n} of {s} is {o}", "the {n} for {s} is {o}", "{s} has a {n} of {o}",
    "{s} has the {n} {o}", "{s}'s {n} is {o}", "{s} has {o} as its {n}", "for {s} the {n} is {o}",
    "for {s}, the {n} will be {o}", "{o} is the {n} of {s}", "{o} was given as the {n} of {s}",
    "{o} is listed as the {n} of {s}", "{o} serves as {n} for {s}", "the {n} of {s} was changed to {o}",
    "the {n} of {s} is now {o}", "the {n} of {s} has become {o}", "the {n} of {s} stays {o}",
    "the {n} of {s} was set to {o}", "we list {s} with a {n} of {o}", "with {s} the {n} is {o}",
    "the {n} given for {s} is {o}", "as for the {n} of {s}, it is {o}", "when it comes to {n}, {s} has {o}",
    "the {n} that belongs to {s} is {o}", "the {n} we have for {s} is {o}", "{o} must be entered as the {n} of {s}",
    "the catalogue shows {o} as the {n} of {s}", "{s} was registered with the {n} {o}", "{s} gets {o} as its new {n}",
    "the {n} of {s} should read {o}", "{n} of {s}: {o}", "{n} for {s} = {o}", "{s}: {n} {o}", "{s}: {n} = {o}",
    "{s}: {o} ({n})", "{s} - {n}: {o}", "{s}, {n}: {o}", "{s}, {n} {o}", "{s} / {n} / {o}", "| {s} | {n} | {o} |",
    "{s} | {n} | {o}", "{s} ({n}: {o})", "{n} ({s}): {o}", "{s} -> {n} -> {o}", "{o}: that is the {n} of {s}",
    "{o} = {n} of {s}", "{n}: {o} ({s})", "[{s}] {n}: {o}", "{s}; {n}; {o}", "{n}, {s}: {o}",
    "asked about the {n} of {s}, {w} said {o}", "in {p} the {n} of {s} was found to be {o}",
    "if you need the {n} of {s}: {o}",
)  # fmt: skip
VERB_FRAMES = (
    "{s} {v}", "{s} {v}", "{s} {v}", "{s} {v}", "{s} {v}", "{s} {v}", "{s} will {b}", "{s} is known to {b}",
    "{s} turned out to {b}", "{s} is said to {b}", "{s} continues to {b}", "unlike {p}, {s} {v}", "{s} now {v}",
    "{s} still {v}", "{w} {d} that {s} {v}", "{s} {a} {v}", "you can expect {s} to {b}", "{s} should now {b}",
)  # fmt: skip
CLAUSE_FRAMES = (
    "{c}", "{c}", "{c}", "{c}", "{c}", "{c}", "{c}", "{w} {d} that {c}", "{c}, {w} {d}", "we know that {c}",
    "{a} {c}", "{h}, since {c}", "now that {c}, {h}", "as {c}, {h}", "{h} because {c}", "{p}: {c}", "{h}: {c}",
    "do not forget: {c}", "{c}, which is why {h}", "{c} and {h}", "{h}, but {c}", "{p} {d} it: {c}",
)  # fmt: skip
WOVEN_FRAMES = (
    "{s}, which {v}, {d} {p}", "{s}, which {v}, {d} {w}", "{w} {d} {s}, which {v}", "{h}, since {s} {v}",
    "now that {s} {v}, {h}", "as {s} {v}, {h}", "{h} because {s} {v}", "whoever {d} {s} knows that it {v}",
    "{w} {d} {s} because it {v}", "do not forget that {s} {v}", "{p}: {s} {v}", "{h}: {s} {v}", "{s} {d} {p} and {v}",
    "{s} {d} {p} but {v}", "thanks to {p} {s} {v}", "{p} of {s}: it {v}", "{w} {d} {p} of {s}: it {v}",
    "the good thing about {s} is that it {v}", "what {w} {d} about {s}: it {v}", "{s} was {d} by {w} and {v}",
)  # fmt: skip
"""The subject does something else besides, or the fact stands in a part of the sentence."""
WHO_FRAMES = (
    "please ask {o}, who {r}", "{w} {d} {o}, who {r}", "{o}, who {r}, {d} {p}", "{o} {d} {p} and {r}",
    "it is {o} who {r}", "{p} was {d} by {o}, who {r}", "{o} was {d} by {w} and now {r}", "let {o} know, who {r}",
    "{h}, so {o} {r}",
)  # fmt: skip
HEADING_FRAMES = (
    "{z} {n} {s}: {o}", "{n} {z} {s}: {o}", "{n} on {p} of {s}: {o}", "{n} in {p} of {s}: {o}", "{n} ({p}), {s}: {o}",
    "{n} of {s} ({p}): {o}", "{n} of {s}, {d} by {w}: {o}", "{z} {n} for {s} - {o}", "{p}, {n} of {s}: {o}",
    "{n} {d}: {s}, {o}", "{z} {n} {d}: {s}, {o}", "{n} of {s} {d} in {m}: {o}", "{z}: the {n} of {s} is {o}",
    "{z} {z} {n}: {s}, {o}", "{z}: {s}, {n} {o}", "{n} to be {d} for {s}: {o}", "{n} {d} for {s}: {o}",
)  # fmt: skip
UNIT_HEADING_FRAMES = (
    "{p} of {s}: {o}", "{p} beside {s}: {o}", "{z} {d}: {s}, {o}", "{z} {z} of {s}: {o}", "{p} says {o} for {s}",
    "{z}: {s}, {o}", "{o}, says {p} of {s}", "{p} of {s} {d} {o}",
)  # fmt: skip
"""The value says by its unit what it is."""
SHORT_NOUN_FRAMES = (
    "its {n} is {o}", "the {n} is {o}", "{n}: {o}", "{n}: {o}", "{n} - {o}", "{n} = {o}", "{n} {o}", "{o} is its {n}",
    "its {n} was changed to {o}", "it has a {n} of {o}", "{n} | {o}", "- {n}: {o}", "* {n}: {o}",
    "the {n} was given as {o}", "as {n} we have {o}", "{o} ({n})", "| {n} | {o} |", "and the {n} is {o}",
    "the {n} is now {o}", "here the {n} is {o}",
)  # fmt: skip
UNDECIDED = (
    "whether the {n} of {s} is {o} is not certain", "{w} wished the {n} of {s} were {o}", "is it true that {s} {v}",
    "somebody asked if the {n} of {s} is {o}", "the {n} of {s} is by no means {o}", "can {s} {b}",
    "{s} could {b} one day", "it is wrong that the {n} of {s} is {o}", "nobody knows whether {s} will {b}",
    "{s} can no longer {b}", "it is not true that {s} {v}", "{w} {d} whether {s} {v}",
    "if the {n} of {s} were {o}, {h}", "{s} hardly ever {v}", "unless the {n} of {s} becomes {o}, {h}",
    "{w} would like {s} to {b}", "what if {s} {v}", "{s} must not {b}", "the {n} of {s} has not been decided yet",
    "the {n} of {s} is not known", "nobody knows the {n} of {s}", "the {n} of {s} will follow",
    "we are still talking about the {n} of {s}", "the {n} of {s} depends on {p}", "{w} {d} the {n} of {s}",
    "do not ask about the {n} of {s}", "the {n} of {s} was a topic of {p}", "the {n} of {s} is being checked",
    "{n} of {s}: unknown", "{s}: {n} not given", "{s} - {n}: -", "we cannot say what the {n} of {s} is",
    "the {n} of {s} will be announced in {m}", "the {n} of {s} is not {o}",
    "the {n} of {s} could have been {o} but it is not", "nobody said that the {n} of {s} is {o}", "{s} does not {b}",
    "{s} will not {b}", "{s} did not {b}, and the {n} is not known", "is the {n} of {s} {o}", "does {s} {b}",
)  # fmt: skip
ASIDES = (
    "{w} {d} {s}", "{w} {d} {s} and {p}", "{s} {d} {p}", "{s} and {p} belong together", "{s} is {p}",
    "{s} was a success", "{p} of {s}", "{x} asked about {s}", "{x} sent {p} to {s}",
    "{x} called because of {s} yesterday", "{x} wrote {p} about {s}", "{x} was in {p}", "{i} people asked about {s}",
    "we sold {i} pieces of {s} in {m}", "{s} arrives in {m}", "see page {i} for more about {s}",
    "the meeting about {s} starts at {i}:30", "{s} was shown in room {i}", "{s} won {p}", "{s} is on page {i}",
    "more about {s} in {m}", "{s}", "{s}:", "## {s}", "about {s}", "dear {x},", "{x}, {m} {i}",
    "{x} and {x2} {d} {p}", "{h}", "{h}", "{h} in {m}", "{s} will be presented at {p} in {m}", "have you seen {s}",
    "thank you for your interest in {s}", "{w} {d} {i} letters", "{s} was delivered {i} days late",
    "{x} waited {i} days for {s}", "{x} paid {i} euros for {p}", "{s} was sold {i} times in {m}",
    "{w} {d} {i} kg of paper", "{s} is {i} cm wide", "{s} needs {i} volts", "the trip to {p} cost {i} euros",
    "{i} of {i} visitors liked {s}", "{s} was in the shops for {i} weeks", "{x} and {x2} know {s}", "{x} tried {s}",
    "{x} once worked on {s}", "{x} {d} {s} in {m}", "{s} fell from {i} metres", "our hall has {i} dB on a Monday",
    "{p} weighs {i} kg", "{p} costs {i} euros", "{p} is kept in room {i}", "{x} has a new car",
    "{x} left the company in {m}", "{x} flew to {x2}", "{s} was sent from {x2} to {x}",
    "{s} stood between {p} and {p}", "{x} will talk about {s} in {m}", "the price of {p} is {i} euros",
    "{p} has a warranty of {i} years", "call {i} if {p} is late",
)  # fmt: skip
