"""Questions about products that are in no training sample and that no other wording was modelled on.

The `held_out` wordings are in no training sample either, but results on some of them were looked at while the
training's other wordings were being written. These here were written when the bundled model was first finished. That
it was right in two of three led to a wider grammar of questions in the training, written without looking at these;
they say how far knowledge is found in wordings that are new in every respect. They are for scoring only, and must
never be trained on or used to choose a setting.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

BLIND: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "noise level": (
            "My customer worries about noise. What value is stated for the {subject}?",
            "On the decibel scale, where is {subject}?",
            "What does the data sheet say about the noise of {subject}?",
            "{subject}の騒音値を教えてください。",
            "{subject}의 소음 값을 알려 주세요.",
        ),
        "weight": (
            "If I put {subject} on a scale, what does it show?",
            "What does the data sheet say about the weight of {subject}?",
            "How many kilos must I carry when I lift the {subject}?",
            "{subject}の重さの値を教えてください。",
            "{subject}의 무게 값을 알려 주세요.",
        ),
        "warranty": (
            "For what period is {subject} under warranty?",
            "What does the data sheet say about the warranty of {subject}?",
            "How many months does the guarantee of {subject} cover?",
            "{subject}の保証の長さを教えてください。",
            "{subject}의 보증 기간 값을 알려 주세요.",
        ),
        "price": (
            "How many euros do I need for {subject}?",
            "What does the data sheet say about the price of {subject}?",
            "What is charged for the {subject}?",
            "{subject}の値段の額を教えてください。",
            "{subject}의 가격 값을 알려 주세요.",
        ),
        "colour": (
            "What does the data sheet say about the colour of {subject}?",
            "Which paint is on the {subject}?",
            "I see a {subject} in the picture. Which colour must it be?",
            "{subject}の色の名前を教えてください。",
            "{subject}의 색깔 이름을 알려 주세요.",
        ),
        "spare part": (
            "What does the data sheet say about the spare part of {subject}?",
            "My {subject} is broken. Which part do I order?",
            "Name the replacement part that fits {subject}.",
            "{subject}の部品の名前を教えてください。",
            "{subject}의 부품 이름을 알려 주세요.",
        ),
        "manufacturing site": (
            "What does the data sheet say about the manufacturing site of {subject}?",
            "From which site does {subject} leave the line?",
            "Name the site that builds {subject}.",
            "{subject}の工場の名前を教えてください。",
            "{subject}의 공장 이름을 알려 주세요.",
        ),
        "responsible engineer": (
            "What does the data sheet say about the responsible engineer of {subject}?",
            "Who is the engineer I must call about {subject}?",
            "Name the engineer behind {subject}.",
            "{subject}の担当者の名前を教えてください。",
            "{subject}의 담당자 이름을 알려 주세요.",
        ),
    }
)
"""Question templates by relation: three English, one Japanese, one Korean."""
