"""How somebody or something is spoken of by its relation to another: "the site where {x} is made".

`PHRASES` and the nouns are trained; `HELD_OUT` are for scoring only and are in no training question, which a test
searches for. `{x}` stands for a name, or for such a phrase again.
"""

from __future__ import annotations

from collections.abc import Mapping

PHRASES: Mapping[str, tuple[str, ...]] = {
    "manufacturing site": (
        "the site where {x} is made",
        "the place where {x} is made",
        "the factory that makes {x}",
        "the plant where {x} is produced",
        "the factory where {x} is built",
        "the plant that builds {x}",
        "the site that produces {x}",
        "the town where {x} is manufactured",
        "the town in which {x} is made",
        "the location where {x} gets assembled",
        "the works that {x} comes from",
        "the plant {x} comes from",
        "the factory making {x}",
        "the site at which {x} is produced",
        "the place {x} is made in",
        "the site {x} is built at",
        "the factory in which {x} is put together",
    ),
    "responsible engineer": (
        "the engineer who looks after {x}",
        "the engineer responsible for {x}",
        "the person responsible for {x}",
        "whoever is responsible for {x}",
        "the engineer in charge of {x}",
        "the expert who takes care of {x}",
        "the one who looks after {x}",
        "the person who maintains {x}",
        "the technician who designed {x}",
        "the person to ask about {x}",
        "the engineer for {x}",
        "whoever maintains {x}",
        "the engineer that {x} is assigned to",
        "the person who takes care of {x}",
        "the engineer who is responsible for {x}",
    ),
    "spare part": (
        "the part that fits {x}",
        "the spare part that {x} needs",
        "the part {x} needs",
        "the replacement part for {x}",
        "the part used to repair {x}",
        "the component that goes into {x}",
        "the spare for {x}",
        "the part that belongs to {x}",
        "the part to order for {x}",
        "the spare part {x} takes",
        "the part that is needed for {x}",
        "the spare part for {x}",
    ),
    "manager": (
        "the person who manages {x}",
        "whoever runs {x}",
        "the one who leads {x}",
        "the manager in charge of {x}",
        "the head of {x}",
        "the boss of {x}",
        "the person who runs {x}",
        "the manager at {x}",
        "the one who is in charge of {x}",
        "the manager who leads {x}",
        "the boss at {x}",
    ),
}
"""Trained ways."""

HELD_OUT: Mapping[str, tuple[str, ...]] = {
    "manufacturing site": (
        "the site that {x} is manufactured at",
        "the factory {x} is assembled in",
        "the plant in which {x} is built",
        "the place where workers build {x}",
    ),
    "responsible engineer": (
        "the engineer who is in charge of {x}",
        "the engineer looking after {x}",
        "whoever takes care of {x}",
        "the technician responsible for {x}",
    ),
    "spare part": (
        "the spare part fitting {x}",
        "the part which {x} takes",
        "the replacement that {x} needs",
        "the part needed to repair {x}",
    ),
    "manager": (
        "whoever manages {x}",
        "the person leading {x}",
        "the one who runs {x}",
        "the person at the head of {x}",
    ),
}
"""Ways that are scored and never trained."""

NOUNS: Mapping[str, tuple[str, ...]] = {
    "manufacturing site": (
        "manufacturing site",
        "manufacturing site",
        "production site",
        "factory",
        "plant",
        "place of production",
        "production plant",
        "place of manufacture",
        "assembly site",
        "site",
    ),
    "responsible engineer": (
        "responsible engineer",
        "responsible engineer",
        "engineer",
        "lead engineer",
        "product engineer",
        "engineer in charge",
        "technical contact",
    ),
    "spare part": ("spare part", "spare part", "replacement part", "spare", "service part", "repair part", "part"),
    "manager": ("manager", "manager", "manager", "site manager", "plant manager", "boss", "head"),
}
"""Nouns for "the {noun} of {x}" and "{x}'s {noun}"."""

CJK: Mapping[str, tuple[str, ...]] = {
    "manufacturing site": (
        "{x}の製造拠点",
        "{x}の工場",
        "{x}を製造している工場",
        "{x}が作られている工場",
        "{x}의 제조 공장",
        "{x}의 공장",
        "{x}를 만드는 공장",
    ),
    "responsible engineer": (
        "{x}の担当技術者",
        "{x}の担当者",
        "{x}を担当する技術者",
        "{x}의 담당 엔지니어",
        "{x}의 담당자",
        "{x}를 맡은 엔지니어",
    ),
    "spare part": (
        "{x}の交換部品",
        "{x}の部品",
        "{x}に合う部品",
        "{x}의 예비 부품",
        "{x}의 교체 부품",
        "{x}에 맞는 부품",
    ),
    "manager": ("{x}の工場長", "{x}の管理者", "{x}を率いる人", "{x}의 관리자", "{x}의 공장장", "{x}를 이끄는 사람"),
}
"""The same in Japanese and Korean."""

OPEN_NOUNS: tuple[str, ...] = (
    *(
        "capital founder owner author teacher captain supplier flavour fee password currency nickname language "
        "population height speed material width depth area age birthplace employer publisher genre budget sponsor "
        "contact address room code version battery voltage pressure temperature capacity frequency range category "
        "status region country city continent editor composer designer inventor coach team league instrument "
        "subject degree school profession spouse parent child neighbour river lake mountain station platform type "
        "limit rate discount tax bonus salary importer carrier landlord tenant trainer president secretary "
        "treasurer mascot motto anthem headquarters bank insurer auditor lawyer doctor nurse pilot driver chef "
        "gardener curator translator narrator sculptor architect sister brother mother father cousin successor "
        "predecessor rival ally member customer client partner agent"
    ).split(),
    "head coach",
    "opening time",
    "main supplier",
    "first owner",
    "official language",
    "founding year",
    "home town",
    "sister company",
    "parent company",
    "postal code",
    "ticket price",
    "number of employees",
    "date of birth",
    "place of birth",
)
"""Relations that the bundled world does not have; what is learned is to copy them."""

HELD_OUT_NOUNS = (
    "mayor",
    "godfather",
    "wavelength",
    "chairman",
    "tutor",
    "harbour",
    "distributor",
    "founding member",
    "patron saint",
    "year of construction",
)
"""Such relations for scoring; never trained."""
