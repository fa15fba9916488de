"""Talk around facts: openings, endings and sentences from which nothing is to be kept.

Idea: a small model must learn that most words around a name and a value do not matter, so they are drawn from several
hundred everyday words, most of which its tokenizer cuts into pieces.
"""

from __future__ import annotations

from random import Random

from addenda.models.bundled.names import any_word
from recipes.bundled_model.samples import MONTHS

_NOUNS = (
    "agenda answer archive attic autumn balance bank basement battery bicycle board bottle breakfast brochure "
    "brother bus cable calendar canteen carpet catalogue ceiling chair channel checklist clock club coffee "
    "committee complaint computer concert contract copy corner corridor course cousin cupboard dealer debate "
    "decision delay delivery dentist department desk discussion document door doubt draft driver elevator email "
    "entrance evening event exhibition exam fair fax festival file floor folder forecast form fridge game garage "
    "garden glove guest guide hall handbook headline hotel idea inspection intern interview inventory invoice job "
    "journal journey kitchen label laboratory ladder lamp laptop lawyer leaflet letter library list lunch machine "
    "mail management map market meeting memo menu message mistake morning museum newsletter newspaper note notice "
    "offer office opinion order package panel parcel partner party pencil phone photo picture plan platform "
    "poster printer problem programme project proposal protocol question radio rain reason receipt record repair "
    "report request review road roof rumour sample school screen season secretary seminar server session shelf "
    "shop signature sister slide song speech spring staff stairs station storm story street student study summer "
    "survey system table taxi teacher team television tender test ticket tool tour towel trade train trainee "
    "training truck update vacation version video village visit visitor wall weather website weekend window "
    "winter workshop"
).split()
_ADJECTIVES = (
    "annual bad big brief busy careful cheap clear clever cold common curious current daily different difficult "
    "early easy empty entire famous fast final foreign free friendly full funny future general gentle good great "
    "happy heavy helpful important interesting internal large last late latest little local long lovely main "
    "modern narrow nervous new next nice official old open ordinary outdated patient perfect pleasant polite poor "
    "popular possible practical private proper public quick quiet rare recent regular rich second serious sharp "
    "short similar simple slow small special strange strict strong surprising technical tidy tired unusual urgent "
    "useful usual warm weekly whole wonderful wrong young"
).split()
_PAST = (
    "accepted agreed announced appeared approved argued arrived asked borrowed brought called cancelled changed "
    "checked cleaned closed collected complained confirmed copied corrected counted decided delayed deleted "
    "demanded described discussed discovered doubted enjoyed examined explained finished forgot found guessed "
    "heard improved inspected invited knew left liked listened lost mentioned missed moved noticed opened ordered "
    "organised painted planned prepared presented printed promised proposed published read received recommended "
    "recorded refused remembered repeated replied reported requested returned saw sent showed signed stopped "
    "suggested supported surprised talked thanked thought told tried understood updated used visited waited "
    "wanted warned watched wished wondered wrote"
).split()
_ADVERBS = (
    "actually again already also always apparently basically certainly clearly currently eventually finally "
    "fortunately frankly generally honestly hopefully however indeed interestingly later luckily meanwhile "
    "naturally nevertheless normally now obviously officially often personally perhaps really recently sadly "
    "simply sometimes soon still surprisingly therefore today together unfortunately usually yesterday"
).split()
_GROUPS = (
    "the lab", "the sales team", "our dealers", "the auditors", "accounting", "the service desk",
    "most of our customers", "the board", "the press", "purchasing", "the support line", "our partners", "the factory",
    "the test team", "logistics", "the warehouse", "marketing", "the people upstairs", "the trainees", "headquarters",
    "the night shift", "everybody here",
)  # fmt: skip
_OPENERS = (
    "note that", "please note:", "good news:", "reminder:", "update:", "correction:", "for your files:", "FYI:",
    "hello team,", "dear all,", "hi,", "thanks for asking,", "as agreed,", "to sum up,", "in short,", "in fact,",
    "as you know,", "first of all,", "one more thing:", "we are pleased to announce that", "it turned out that",
    "it is official:", "we can confirm that", "it was decided that", "please remember that", "let me add that",
    "everyone should know that", "you may not know that", "believe it or not,", "yes,", "well,", "so", "next:", "new:",
    "-", "*", "1.", "2)", "PS:", "Q&A:", "to be precise,", "customers should know:", "it is true that", "I think that",
    "I was told that", "the fact is that", "please write down:",
)  # fmt: skip

_CONJUNCTIONS = "after before since when because although while as if until".split()
_PREPOSITIONS = (
    "according to", "in", "for", "with", "during", "at", "on", "regarding", "about", "from", "thanks to", "despite",
    "without", "after", "like",
)  # fmt: skip
_JOINTS = (
    ", and", ", but", ", so", ", because", " because", ", which", " -", ";", " when", " since", ", as",
)  # fmt: skip
_ENDINGS = (
    " or so", ", please", " at the moment", " these days", ", thank you", " as a rule", ", by the way", " in total",
    " for good", " from now on",
)  # fmt: skip
_LITTLE = (
    "is", "was", "has", "will", "with", "to", "for", "of", "the", "a", "in", "at", "on", "by", "and", "it", "now",
    "its", "from", "than", "that", "which", "who", "can", "must", "as", "up", "down", "out", "about", "there", "only",
    "when", "you", "we", "get", "goes", "takes", "gives", "needs", "comes", "put", "so", "if", "are", "be", "them", "-",
    ":", ",",
)  # fmt: skip
_SAY = ("say", "reported", "told us", "confirmed", "insist", "wrote", "added", "found")


def phrase(random: Random) -> str:
    """A noun phrase, for example "the annual ladder"."""
    noun = random.choice(_NOUNS) if random.random() < 0.9 else any_word(random).lower()
    head = random.choice(("the", "the", "the", "our", "a", "this", "their", "that", "my", "your", "some", "every"))
    return f"{head} {random.choice(_ADJECTIVES)} {noun}" if random.random() < 0.4 else f"{head} {noun}"


def word(random: Random) -> str:
    """An everyday word, as headings have them."""
    return random.choice(random.choice((_NOUNS, _NOUNS, _ADJECTIVES)))


def happening(random: Random) -> str:
    """A clause that tells nothing of interest, for example "our dealers forgot the key"."""
    more = random.choice(("", f" {phrase(random)}", f" {phrase(random)}", f" it {adverb(random)}"))
    return f"{group(random)} {did(random)}{more}"


def group(random: Random) -> str:
    """Who is said to have done something."""
    return random.choice((*_GROUPS, "we", "they", "I", "somebody", phrase(random), phrase(random)))


def did(random: Random) -> str:
    """A verb in the past."""
    return random.choice(_PAST)


def adverb(random: Random) -> str:
    """An adverb."""
    return random.choice(_ADVERBS)


def count(random: Random) -> str:
    """A number of things."""
    return str(random.randint(2, 400))


def month(random: Random) -> str:
    """A month or weekday."""
    return random.choice(
        (*MONTHS, "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "spring", "the autumn", "two weeks")
    )


def opener(random: Random) -> str:
    """What stands before a clause, with its comma or colon."""
    shape = random.random()
    if shape < 0.5:
        return random.choice(_OPENERS)
    if shape < 0.68:
        return adverb(random) + ","
    if shape < 0.71:
        return happening(random) + random.choice((":", " that", " and", " because", ", so", ",", " -", " but"))
    if shape < 0.75:
        return f"{random.choice(_CONJUNCTIONS)} {happening(random)},"
    if shape < 0.9:
        return f"{random.choice(_PREPOSITIONS)} {phrase(random)}{random.choice((',', ',', ''))}"
    name, day = random.choice(MONTHS), random.randint(1, 28)
    return random.choice(
        (f"as of {name}", f"since {day} {name},", f"from {name} on,", f"until {name},", f"on {day} {name},")
    )


def ending(random: Random) -> str:
    """What stands behind a clause, with what parts it from the clause."""
    shape = random.random()
    if shape < 0.25:
        return f" {random.choice(_PREPOSITIONS)} {phrase(random)}"
    if shape < 0.5:
        return f"{random.choice(_JOINTS)} {happening(random)}"
    if shape < 0.62:
        return (
            f" ({random.choice((happening(random), phrase(random), 'see below', 'as before', 'new', 'see the list'))})"
        )
    if shape < 0.75:
        return f"{random.choice((' ', ', '))}{adverb(random)}"
    if shape < 0.85:
        return random.choice(_ENDINGS)
    return f", {random.choice(_GROUPS)} {random.choice(_SAY)}"


def scrap(random: Random) -> str:
    """None to six words that stand anywhere in a sentence."""
    shape = random.random()
    if shape < 0.25:
        return ""
    if shape < 0.4:
        return random.choice(_LITTLE)
    if shape < 0.55:
        return f"{random.choice(_PREPOSITIONS)} {phrase(random)}"
    if shape < 0.7:
        return f"{happening(random)}{random.choice((' that', ' and', ',', ' when', ' because', ' -', ' with', ''))}"
    if shape < 0.8:
        return f"{opener(random)}"
    words = (_NOUNS, _ADJECTIVES, _PAST, _ADVERBS, _LITTLE, _LITTLE)
    return " ".join(random.choice(random.choice(words)) for _ in range(random.randint(1, 4)))


def chat(random: Random) -> str:
    """A sentence that tells nothing of interest."""
    return f"{happening(random).capitalize()}{random.choice(('.', '!'))}"
