"""Sentences for scoring only that state nothing to be kept, although they speak of things and people.

In each, `{s}` is the name of a product and `{p}` that of a person. Never train on them.
"""

from __future__ import annotations

NOTHING: tuple[str, ...] = (
    "Has anyone managed to get hold of {p} today?",
    "I left the keys for the storeroom with {p}.",
    "{s} keeps coming up in the feedback forms.",
    "Someone spilled coffee over the papers for {s} again.",
    "We should talk about what {s} might cost one day.",
    "Whether {s} becomes lighter is anybody's guess.",
    "{p} took the afternoon off.",
    "A photographer will take pictures of {s} on Thursday.",
    "No decision on the guarantee for {s} was reached.",
    "Could you find out who deals with {s}?",
    "Remember to water the plants in the hall.",
    "Rumours about a louder {s} are not true.",
    "{p} and the intern tried {s} for a while.",
    "Parking is not possible behind building 4 until June.",
    "They asked 120 people what they think of {s}.",
    "Apologies for the late reply.",
    "The first part of the presentation was about {s}.",
    "{p} does not work with us any more.",
    "{s} looks good on the cover of the brochure.",
    "The survey on {s} closes at 6 pm on Friday.",
    "If {s} were cheaper, more people would look at it.",
    "Attached you will find the minutes.",
    "The colour of {s} caused some discussion.",
    "{p} is going to bring cake tomorrow.",
    "{s}の展示は来週までです。",
    "{p}さんは今日お休みです。",
    "{s}の値段についてはまだ何も言えません。",
    "添付の資料をご確認ください。",
    "{s}の説明会は3時に始まります。",
    "{s} 사진이 정말 잘 나왔습니다.",
    "{p} 님은 오늘 휴가입니다.",
    "{s}의 가격은 아직 말씀드릴 수 없습니다.",
    "첨부한 자료를 확인해 주시기 바랍니다.",
    "{s} 설명회는 3시에 시작합니다.",
)
