"""Questions for attributes that are easily taken for one another.

Such are whom to call and under which number, what a part is called and where it lies, who is responsible for a product
and who for a site.

Written without looking at the blind wordings of `addenda.models.bundled`; what is asked in a scored
wording by chance is drawn again. `{s}` stands for the name.
"""

from __future__ import annotations

NEAR: dict[str, tuple[str, ...]] = {
    "responsible engineer": (
        "Who do I call about {s}?",
        "Which engineer do I call when {s} breaks?",
        "Whom should I phone if {s} fails?",
        "Who is the engineer to ring about {s}?",
        "I want to call somebody about {s}. Who is it?",
        "Who picks up the phone when {s} makes trouble?",
        "Whose name do I write down for problems with {s}?",
        "Which colleague is called when {s} stops?",
        "Who must be informed if {s} does not work?",
        "Call whom about {s}?",
        "Which member of the team is behind {s}?",
        "Who gets the complaints about {s}?",
    ),
    "extension": (
        "Which number do I call for {s}?",
        "What do I dial to call {s}?",
        "I have to call {s}. Which extension?",
        "On what number does {s} take calls?",
        "What is the number to call {s}?",
        "Under which extension does {s} pick up?",
        "The phone number of the engineer {s}, please.",
        "Which digits connect me with {s}?",
        "How do I get through to {s}? What is the number?",
    ),
    "spare part": (
        "What is the part for {s} called?",
        "What is the name of the part that fits {s}?",
        "How is the spare part of {s} named?",
        "Name of the component I need for {s}?",
        "Which part name do I order for {s}?",
        "What do you call the replacement for {s}?",
        "{s} is broken. What is the part I need called?",
        "Give me the name of the part for {s}.",
        "What is the spare for {s} sold as?",
        "Which component goes into {s}?",
    ),
    "stock bay": (
        "Where is the part called {s}?",
        "Where did you store the part {s}?",
        "Which bay holds the part named {s}?",
        "In which place does the part {s} lie?",
        "I need the part {s}. Where is it?",
        "Where does the store keep {s}?",
        "What place does {s} have in the store?",
        "From which bay do I take {s}?",
    ),
    "manager": (
        "Who is responsible for the site {s}?",
        "Whom do the people at {s} report to?",
        "Which person is in charge of the plant {s}?",
        "Who is the person in charge at the {s} factory?",
        "Who tells the people in {s} what to do?",
        "Name the head of {s}.",
    ),
    "manufacturing site": (
        "Which plant builds {s}?",
        "At which site is {s} put together?",
        "Where do the workers assemble {s}?",
        "Where does {s} come from?",
        "Name the plant that {s} comes from.",
        "In what factory is {s} built?",
    ),
    "price": ("How much is {s}?", "How much money is {s}?", "What do you charge for {s}?", "What must I pay for {s}?"),
    "weight": ("How much does {s} weigh in total?", "How much do I lift with {s}?", "How heavy is it to carry {s}?"),
    "warranty": (
        "How long is {s} covered?",
        "For how long are repairs of {s} free?",
        "How many months is {s} guaranteed?",
        "Until when do you repair {s} for free?",
    ),
    "period": (
        "How long may I wait under the {s}?",
        "How much time do customers have under the {s}?",
        "How many days do I have with the {s}?",
        "What number of days is set in the {s}?",
    ),
    "noise level": ("How loud does {s} become?", "How much noise comes from {s}?", "What is heard from {s}, in dB?"),
    "colour": ("What does {s} look like, which colour?", "In what shade is {s} painted?", "Which paint is on {s}?"),
}

DEVELOPMENT_QUESTIONS: dict[str, tuple[str, ...]] = {
    "noise level": ("Will {s} wake the baby? Decibels, please.", "What did the sound check say about {s}?"),
    "weight": ("Can I lift {s} alone, that is, how many kilos?", "What do the scales say about {s}?"),
    "warranty": ("If {s} dies, how long are you on the hook?", "Guarantee on {s} runs for what time?"),
    "price": ("What will {s} set me back?", "How expensive has {s} become?"),
    "colour": ("Which coat of paint does {s} wear?", "Is {s} red, blue or what?"),
    "spare part": ("What has to be swapped when {s} gives up?", "Tell me what to order when {s} is in pieces."),
    "manufacturing site": ("Which town ships {s} out of its factory?", "Whereabouts is {s} bolted together?"),
    "responsible engineer": ("Who will help when {s} acts up?", "Which expert should I ring if {s} misbehaves?"),
    "stock bay": ("Where would I dig up the part {s}?", "Which corner of the store has {s}?"),
    "extension": ("What digits bring me to {s}?", "Desk phone of {s}?"),
    "manager": ("Who calls the shots in {s}?", "Who is the top person at the {s} site?"),
    "period": ("How many days until the {s} is over?", "What stretch of time does the {s} give?"),
}
"""For choosing how to train; never trained on, never reported."""
