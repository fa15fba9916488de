# ruff: noqa: E501
"""A made-up world of any size to time the triples memory with: names that share words, and facts about them.

Names are of the kinds that a catalogue and its customers have: products with numbers, companies, people, places, in
English, German, Japanese, Korean and Chinese. Their words are drawn with frequencies that fall like 1/rank, so that some
words stand in thousands of names and most in few. A third of the facts have a value (a measure, a date) as object, which
many share. Nothing is taken from a list of real names.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from addenda.memories.base import Deliver, Window
from addenda.memories.triples.artefact import Triple

RELATIONS = (
    "made by", "part of", "sold in", "replaced by", "headquarters", "managed by", "supplier", "successor", "designed by",
    "certified by", "stored at", "owner", "born in", "works for", "subsidiary of", "category",
)  # fmt: skip
MEASURED = ("weight", "price", "noise level", "founded", "released", "width", "power", "warranty")
_UNITS = ("kg", "€", "dB", "W", "mm", "months", "litres", "V")
_KANJI = "山川田中村木林森本石井上下大小高橋東西南北青白黒金銀水火土光星月日海島原野谷坂松竹梅桜藤佐伊加三四五八千代和正明吉清水福永安平長新古電機工業製作精密産開発"
_KANA = "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワンガギグゲゴザジズゼゾダデドバビブベボパピプペポ"
_HANGUL = "가강고공구국금기김나남노다대도동라로리마모문미민박방배백보부사산상서선성세소수시신아안양영오우운원유윤은의이인일자장전정제조주중지진창천철최태하한해현형호화황"
_HANZI = (
    "中华国家北京上海天安广州深圳东方西南新明光科技电子信息工业通达永利恒泰金银宝石山河江湖海洋龙凤飞马文化教育医药健康"
)
_COMPANY = ("Ltd", "Inc", "GmbH", "Group", "Systems", "Industries", "Works", "& Sons", "Holding", "Partners")
_PLACE = ("North", "South", "Port", "Saint", "New", "Upper", "Lower", "Bad", "Fort")


@dataclass(frozen=True, slots=True)
class World:
    """Names and the facts about them."""

    names: tuple[str, ...]
    facts: tuple[tuple[str, str, str], ...]
    """Subject, relation, object; each once."""


class _Words:
    """Invented words of one language, some much more frequent than others."""

    def __init__(self, random: Random, count: int, syllables: Sequence[str], parts: Sequence[int]) -> None:
        self._random = random
        words = {"".join(random.choices(syllables, k=random.choice(parts))) for _ in range(2 * count)}
        self._words = sorted(words)[:]
        random.shuffle(self._words)
        del self._words[count:]
        self._weights = list(itertools.accumulate(1 / (rank + 5) for rank in range(len(self._words))))

    def __call__(self) -> str:
        return self._random.choices(self._words, cum_weights=self._weights)[0]


def make_names(count: int, seed: int) -> list[str]:
    """This many different names."""
    random = Random(f"names {seed}")
    onsets = "b br c ch d dr f fl g gr h j k kl l m n p pr r s sch st t th tr v w z".split()
    endings = "a e i o u an en in on ar er or el al il ia ea un us is ock eld ing ern ant ell ard".split()
    syllables = [onset + ending for onset in onsets for ending in endings]
    word = _Words(random, 12_000, syllables, (1, 2, 2, 2, 3))
    kana = _Words(random, 3_000, _KANA, (2, 3, 3, 4, 5))
    kanji = _Words(random, 3_000, _KANJI, (1, 2, 2))
    hangul = _Words(random, 3_000, _HANGUL, (2, 2, 3))
    hanzi = _Words(random, 3_000, _HANZI, (1, 2, 2))

    def title() -> str:
        return word().capitalize()

    def number() -> int:
        return int(10 ** random.uniform(0.5, 4))

    kinds: list[tuple[float, Callable[[], str]]] = [
        (18, lambda: f"{title()} {title()}"),
        (10, lambda: f"{title()} {random.choice('ABCDEFGHJKLMPRSTW')}. {title()}"),
        (14, lambda: f"{title()} {title()} {random.choice(_COMPANY)}"),
        (8, lambda: f"{title()} {word()} {random.choice(_COMPANY)}"),
        (12, lambda: f"{title()} {number()}"),
        (8, lambda: f"{title()} {title()} {random.choice('ABCDXZ')}{number()}"),
        (6, lambda: f"{random.choice(_PLACE)} {title()}"),
        (4, lambda: f"{title()} of {title()} {word()}"),
        (3, title),
        (5, lambda: f"{kanji()}{random.choice(('株式会社', '製作所', '工業', '大学', '駅', ''))}{kanji()}"),
        (4, lambda: f"{kana()}{random.choice(('・', ' ', ''))}{kana()}{random.choice(('', str(number())))}"),
        (4, lambda: f"{hangul()}{random.choice((' ', ''))}{hangul()}{random.choice(('전자', '공업', '시', ''))}"),
        (4, lambda: f"{hanzi()}{hanzi()}{random.choice(('有限公司', '集团', '大学', ''))}"),
    ]
    makers = [maker for _, maker in kinds]
    weights = list(itertools.accumulate(weight for weight, _ in kinds))
    names: dict[str, None] = {}
    while len(names) < count:
        names[random.choices(makers, cum_weights=weights)[0]()] = None
    return list(names)


def make_world(names: int, facts: int, seed: int, *, shuffled: bool = False) -> World:
    """A world with this many names and facts. Names of things and of values together are ``names``.

    Facts come thing by thing, as the rows of a sheet and the sentences of a document do, or ``shuffled``.
    """
    random = Random(f"facts {seed}")
    values = [
        f"{random.randrange(1, 2_000)}{random.choice(('', '.5', '.25'))} {random.choice(_UNITS)}"
        for _ in range(names // 8)
    ]
    shared = list(dict.fromkeys(values))[: names // 10]
    things = make_names(names - len(shared), seed)
    found: dict[tuple[str, str, str], None] = {}
    for thing in things:  # so that every name is in use
        found[thing, random.choice(RELATIONS), random.choice(things)] = None
    for value in shared:
        found[random.choice(things), random.choice(MEASURED), value] = None
    while len(found) < facts:
        subject = random.choice(things)
        if random.random() < 1 / 3:
            found[subject, random.choice(MEASURED), random.choice(shared)] = None
        else:
            popular = things[int(len(things) * random.random() ** 3)]
            found[subject, random.choice(RELATIONS), popular] = None
    listed = list(found)[:facts]
    if shuffled:
        random.shuffle(listed)
    else:
        places = {thing: place for place, thing in enumerate(things)}
        listed.sort(key=lambda fact: places[fact[0]])
    return World((*things, *shared), tuple(listed))


def deliveries(world: World, first: int, count: int) -> list[Deliver]:
    """The facts from ``first`` on as fresh deliveries, numbered in order."""
    return [
        Deliver(
            f"{number:016x}",
            Triple(
                subject=subject,
                relation=relation,
                object=object_,
                source=f"catalogue.xlsx!Facts!B{number}",
                author="ann",
                trust="normal",
            ).to_bytes(),
            number,
            Window(),
        )
        for number, (subject, relation, object_) in enumerate(world.facts[first : first + count], first + 1)
    ]
