"""The documents of the chapter of triples: announcements of new products, and beside each what it states.

They tell of products that the bundled model never heard of, with the relations of its world, as a maker's launch page,
a works newsletter, a data sheet and a Japanese notice would; each has sentences with nothing to keep. They were written
before the model saw any of them, and no word was changed whatever it made of them, so that what is counted is what it
can do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from addenda.types import Fact


@dataclass(frozen=True, slots=True)
class Announcement:
    """A document and what a careful reader would keep of it."""

    file: str
    """Name of the file that it is written to."""
    text: str
    stated: tuple[Fact, ...]


def _about(subject: str, **values: str) -> tuple[Fact, ...]:
    return tuple(Fact(subject=subject, relation=name.replace("_", " "), object=value) for name, value in values.items())


LAUNCH = Announcement(
    "launch-brisano-quell.md",
    """# Meet the Brisano Quell

After three years of work we are proud to show you a vacuum cleaner that you can hardly hear.

At only 43 dB the Brisano Quell can run while the baby sleeps. The Brisano Quell weighs 4.7 kg,
so nobody has to fear the stairs. From Monday it is in the shops in smoky teal and costs 349
euros. Every Brisano Quell comes with a warranty of 48 months.

We would like to thank all who tried the prototypes at home. What will it be called in Spain? We
do not know yet.
""",
    _about(
        "Brisano Quell",
        noise_level="43 dB",
        weight="4.7 kg",
        colour="smoky teal",
        price="349 euros",
        warranty="48 months",
    ),
)

NEWSLETTER = Announcement(
    "works-newsletter.txt",
    """Dear colleagues,

The canteen stays closed on Friday, because the new oven arrives.

The Okrello Dray is built in Hallvik from now on. The responsible engineer of the Okrello Dray
is Maren Tostrup. You reach Maren Tostrup under extension 4417. The spare part of the Okrello
Dray is the Fennick. The Fennick is stored in bay 27C. Ilse Brandvold manages the Hallvik plant.

Somebody left an umbrella in the meeting room. The summer party has no date yet.
""",
    (
        *_about(
            "Okrello Dray",
            manufacturing_site="Hallvik",
            responsible_engineer="Maren Tostrup",
            spare_part="Fennick",
        ),
        *_about("Maren Tostrup", extension="4417"),
        *_about("Fennick", stock_bay="bay 27C"),
        *_about("Hallvik", manager="Ilse Brandvold"),
    ),
)

DATA_SHEET = Announcement(
    "data-sheet-pandoro-lisk.md",
    """## Pandoro Lisk

- Noise level: 51 dB
- Weight: 11.2 kg
- Colour: deep amber
- Price: 529 euros
- Warranty: 36 months
- Made in Sorvalla

The packaging is not decided yet. Please send your questions to the catalogue team.
""",
    _about(
        "Pandoro Lisk",
        noise_level="51 dB",
        weight="11.2 kg",
        colour="deep amber",
        price="529 euros",
        warranty="36 months",
        manufacturing_site="Sorvalla",
    ),
)

NOTICE = Announcement(
    "oshirase-tarovia-nemu.txt",
    """新製品のお知らせ

このたび、Tarovia Nemuを発売いたします。

Tarovia Nemuの騒音は39 dBで、図書館でも使えます。Tarovia Nemuの重さは6.3 kgです。製造工場はKirunaです。
Tarovia Nemuの担当エンジニアはJonna Saarikです。

色はまだ決まっていません。皆さまのご意見をお待ちしております。
""",
    _about(
        "Tarovia Nemu",
        noise_level="39 dB",
        weight="6.3 kg",
        manufacturing_site="Kiruna",
        responsible_engineer="Jonna Saarik",
    ),
)

CORRECTION = Announcement(
    "correction.txt",
    """Correction to our launch page

The price on our launch page was wrong, and we are sorry about it. The Brisano Quell costs 299
euros. Nothing else changes.
""",
    _about("Brisano Quell", price="299 euros"),
)
"""Comes days later, and gives another value for one fact of :data:`LAUNCH`."""

ANNOUNCEMENTS: tuple[Announcement, ...] = (LAUNCH, NEWSLETTER, DATA_SHEET, NOTICE)
"""Those that come in first, in order."""


def write_announcements(directory: Path, announcements: Sequence[Announcement]) -> list[Path]:
    """Write them as UTF-8 text files into an existing directory; their paths, in order."""
    paths = [directory / one.file for one in announcements]
    for path, one in zip(paths, announcements, strict=True):
        path.write_text(one.text, encoding="utf-8", newline="\n")
    return paths
