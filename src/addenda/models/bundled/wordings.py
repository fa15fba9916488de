"""How the specifications of a product are asked, in English, Japanese and Korean.

Purpose: the bundled model is trained and scored with these sentences. Four disjoint groups: `edit` (for making edits),
`gate` (for regression suites), `known` (only for scoring what was trained) and `held_out` (never trained in any form:
they show whether knowledge is found through words the model has not been asked with before).
`{subject}` stands for the name, `{object}` for the value in statements.
Does not know: the facts themselves, see `world`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Wordings:
    """The question templates of one relation in four disjoint groups, and the statements that tell its value."""

    edit: tuple[str, ...]
    gate: tuple[str, ...]
    known: tuple[str, ...]
    held_out: tuple[str, ...]
    statements: tuple[str, ...]


NOISE_LEVEL = Wordings(
    edit=(
        "What is the noise level of {subject}?",
        "How loud is {subject}?",
        "How much noise does {subject} make?",
        "State the noise level of the {subject}.",
        "{subject}の騒音レベルはどのくらいですか？",
        "{subject}의 소음 수준은 얼마인가요?",
    ),
    gate=(
        "How many decibels does {subject} reach?",
        "What noise level does the {subject} have?",
        "{subject}の音の大きさを教えてください。",
    ),
    known=(
        "Which noise level is given for {subject}?",
        "How noisy is the {subject}?",
        "Can you tell me how loud {subject} gets when it runs?",
        "I would like to know the noise level of {subject}.",
        "What is {subject}'s noise level in dB?",
        "How many dB does the {subject} produce?",
        "What sound level does {subject} have in operation?",
        "Is {subject} quiet? Give the noise level.",
        "Noise level of {subject}?",
        "A customer asks how loud the {subject} is. What do I say?",
        "{subject}は何デシベルですか？",
        "{subject}の運転音はどれくらいですか？",
        "{subject}はどのくらいうるさいですか？",
        "{subject}는 몇 데시벨인가요?",
        "{subject}의 소음은 어느 정도인가요?",
        "{subject}는 얼마나 시끄러운가요?",
    ),
    held_out=(
        "How much sound does the {subject} produce, in decibels?",
        "Tell me the decibel value of {subject}.",
        "When {subject} is running, how noisy does it get?",
        "What loudness is listed for the {subject}?",
        "{subject}の騒音は何デシベルですか？",
        "{subject}의 소음은 몇 데시벨인가요?",
    ),
    statements=(
        "{subject} has a noise level of {object}.",
        "The noise level of {subject} is {object}.",
        "When it runs, the {subject} reaches {object}.",
        "{subject}の騒音レベルは{object}です。",
        "{subject}의 소음 수준은 {object}입니다.",
    ),
)

WEIGHT = Wordings(
    edit=(
        "What is the weight of {subject}?",
        "How heavy is {subject}?",
        "How much does {subject} weigh?",
        "State the weight of the {subject}.",
        "{subject}の重さはどのくらいですか？",
        "{subject}의 무게는 얼마인가요?",
    ),
    gate=(
        "How many kilograms does {subject} weigh?",
        "What weight does the {subject} have?",
        "{subject}는 얼마나 무거운가요?",
    ),
    known=(
        "Which weight is given for {subject}?",
        "How heavy is the {subject} without packaging?",
        "Can you tell me how much {subject} weighs?",
        "I would like to know the weight of {subject}.",
        "What is {subject}'s weight in kg?",
        "How many kg is the {subject}?",
        "What does the {subject} weigh?",
        "Is {subject} heavy? Give the weight.",
        "Weight of {subject}?",
        "A customer asks how heavy the {subject} is. What do I say?",
        "{subject}は何キログラムですか？",
        "{subject}の重量を教えてください。",
        "{subject}はどのくらい重いですか？",
        "{subject}는 몇 킬로그램인가요?",
        "{subject}의 중량을 알려 주세요.",
        "{subject}의 무게를 말해 주세요.",
    ),
    held_out=(
        "If I have to lift the {subject}, how many kilograms is that?",
        "Tell me the weight in kilograms of {subject}.",
        "What weight is listed for {subject}?",
        "Just how heavy does {subject} come out?",
        "{subject}の重さは何キログラムですか？",
        "{subject}의 무게는 몇 킬로그램인가요?",
    ),
    statements=(
        "{subject} weighs {object}.",
        "The weight of {subject} is {object}.",
        "The {subject} has a weight of {object}.",
        "{subject}の重さは{object}です。",
        "{subject}의 무게는 {object}입니다.",
    ),
)

WARRANTY = Wordings(
    edit=(
        "What is the warranty of {subject}?",
        "How long is the warranty on {subject}?",
        "For how many months is {subject} under warranty?",
        "State the warranty of the {subject}.",
        "{subject}の保証期間はどのくらいですか？",
        "{subject}의 보증 기간은 얼마인가요?",
    ),
    gate=(
        "How long does the guarantee of {subject} last?",
        "What warranty does the {subject} have?",
        "{subject}の保証は何か月ですか？",
    ),
    known=(
        "Which warranty is given for {subject}?",
        "How long is {subject} covered after purchase?",
        "Can you tell me how long the warranty of {subject} runs?",
        "I would like to know the warranty of {subject}.",
        "What is {subject}'s warranty period?",
        "How many months of warranty does the {subject} come with?",
        "After how many months does the guarantee on {subject} end?",
        "Is {subject} under warranty? Give the period.",
        "Warranty of {subject}?",
        "A customer asks how long the {subject} is guaranteed. What do I say?",
        "{subject}の保証期間を教えてください。",
        "{subject}の保証はいつまで続きますか？",
        "{subject}は購入後どのくらい保証されますか？",
        "{subject}의 보증은 몇 개월인가요?",
        "{subject}의 보증 기간을 알려 주세요.",
        "{subject}는 얼마 동안 보증되나요?",
    ),
    held_out=(
        "How many months is the guarantee for {subject}?",
        "Tell me the warranty period of the {subject}.",
        "What length of warranty is listed for {subject}?",
        "If I buy {subject} today, for how long am I covered by the warranty?",
        "{subject}の保証期間は何か月ですか？",
        "{subject}의 보증 기간은 몇 개월인가요?",
    ),
    statements=(
        "{subject} has a warranty of {object}.",
        "The warranty of {subject} is {object}.",
        "The {subject} is covered by a guarantee for {object}.",
        "{subject}の保証期間は{object}です。",
        "{subject}의 보증 기간은 {object}입니다.",
    ),
)

PRICE = Wordings(
    edit=(
        "What is the price of {subject}?",
        "How much does {subject} cost?",
        "What does {subject} sell for?",
        "State the price of the {subject}.",
        "{subject}の価格はいくらですか？",
        "{subject}의 가격은 얼마인가요?",
    ),
    gate=(
        "How many euros does {subject} cost?",
        "What price does the {subject} have?",
        "{subject}는 몇 유로인가요?",
    ),
    known=(
        "Which price is given for {subject}?",
        "How expensive is the {subject}?",
        "Can you tell me how much I pay for {subject}?",
        "I would like to know the price of {subject}.",
        "What is {subject}'s price in euros?",
        "How many euros is the {subject}?",
        "What does the {subject} cost in the shop?",
        "Is {subject} expensive? Give the price.",
        "Price of {subject}?",
        "A customer asks what the {subject} costs. What do I say?",
        "{subject}は何ユーロですか？",
        "{subject}の値段を教えてください。",
        "{subject}を買うにはいくらかかりますか？",
        "{subject}의 값은 얼마인가요?",
        "{subject}의 가격을 알려 주세요.",
        "{subject}를 사려면 얼마가 드나요?",
    ),
    held_out=(
        "How much money do I need to buy {subject}?",
        "Tell me what the {subject} costs in euros.",
        "What price is listed for {subject}?",
        "For how many euros is {subject} sold?",
        "{subject}の値段は何ユーロですか？",
        "{subject}의 가격은 몇 유로인가요?",
    ),
    statements=(
        "{subject} costs {object}.",
        "The price of {subject} is {object}.",
        "The {subject} sells for {object}.",
        "{subject}の価格は{object}です。",
        "{subject}의 가격은 {object}입니다.",
    ),
)

COLOUR = Wordings(
    edit=(
        "What is the colour of {subject}?",
        "What colour is {subject}?",
        "In which colour is {subject} delivered?",
        "State the colour of the {subject}.",
        "{subject}の色は何ですか？",
        "{subject}의 색상은 무엇인가요?",
    ),
    gate=(
        "Which colour does {subject} come in?",
        "What colour does the {subject} have?",
        "{subject}はどんな色ですか？",
    ),
    known=(
        "Which colour is given for {subject}?",
        "In what colour is the {subject} painted?",
        "Can you tell me what colour {subject} is?",
        "I would like to know the colour of {subject}.",
        "What is {subject}'s colour?",
        "What colour is the housing of {subject}?",
        "Which finish and colour does the {subject} have?",
        "How does {subject} look? Give the colour.",
        "Colour of {subject}?",
        "A customer asks what colour the {subject} is. What do I say?",
        "{subject}は何色ですか？",
        "{subject}の色を教えてください。",
        "{subject}の本体の色は何ですか？",
        "{subject}는 무슨 색인가요?",
        "{subject}의 색상을 알려 주세요.",
        "{subject}는 어떤 색으로 나오나요?",
    ),
    held_out=(
        "What colour can I expect when I order {subject}?",
        "Tell me the colour of the {subject} housing.",
        "Which colour is listed for {subject}?",
        "What colour do you make the {subject} in?",
        "{subject}の本体は何色ですか？",
        "{subject}의 색은 무엇인가요?",
    ),
    statements=(
        "{subject} is delivered in {object}.",
        "The colour of {subject} is {object}.",
        "The {subject} has the colour {object}.",
        "{subject}の色は{object}です。",
        "{subject}의 색상은 {object}입니다.",
    ),
)

SPARE_PART = Wordings(
    edit=(
        "What is the spare part of {subject}?",
        "Which spare part fits {subject}?",
        "Which spare part does {subject} need?",
        "State the spare part of the {subject}.",
        "{subject}の交換部品は何ですか？",
        "{subject}의 예비 부품은 무엇인가요?",
    ),
    gate=(
        "Which replacement part belongs to {subject}?",
        "What spare part does the {subject} have?",
        "{subject}에 맞는 부품은 무엇인가요?",
    ),
    known=(
        "Which spare part is given for {subject}?",
        "What part do I order when {subject} is broken?",
        "Can you tell me which spare part goes into {subject}?",
        "I would like to know the spare part of {subject}.",
        "What is {subject}'s spare part called?",
        "Which part replaces a worn one in the {subject}?",
        "What replacement part does the {subject} use?",
        "I have to repair {subject}. Give the spare part.",
        "Spare part of {subject}?",
        "A customer asks which spare part the {subject} takes. What do I say?",
        "{subject}に合う部品は何ですか？",
        "{subject}の交換部品を教えてください。",
        "{subject}の修理にはどの部品が必要ですか？",
        "{subject}의 교체 부품은 무엇인가요?",
        "{subject}의 예비 부품을 알려 주세요.",
        "{subject}를 수리하려면 어떤 부품이 필요한가요?",
    ),
    held_out=(
        "Which part should I order as a replacement for {subject}?",
        "Tell me the name of the spare part for the {subject}.",
        "What spare part is listed for {subject}?",
        "To repair the {subject}, which part is needed?",
        "{subject}に必要な交換部品は何ですか？",
        "{subject}에 필요한 예비 부품은 무엇인가요?",
    ),
    statements=(
        "{subject} takes the spare part {object}.",
        "The spare part of {subject} is {object}.",
        "The replacement part for the {subject} is called {object}.",
        "{subject}の交換部品は{object}です。",
        "{subject}의 예비 부품은 {object}입니다.",
    ),
)

SITE = Wordings(
    edit=(
        "What is the manufacturing site of {subject}?",
        "Where is {subject} made?",
        "At which site is {subject} produced?",
        "State the manufacturing site of the {subject}.",
        "{subject}の製造拠点はどこですか？",
        "{subject}의 제조 공장은 어디인가요?",
    ),
    gate=(
        "Where do you build {subject}?",
        "What manufacturing site does the {subject} have?",
        "{subject}はどこで作られていますか？",
    ),
    known=(
        "Which manufacturing site is given for {subject}?",
        "Which factory makes the {subject}?",
        "Can you tell me where {subject} is manufactured?",
        "I would like to know the manufacturing site of {subject}.",
        "What is {subject}'s place of manufacture?",
        "From which plant does the {subject} come?",
        "In which town is the {subject} assembled?",
        "Where does {subject} come from? Give the site.",
        "Manufacturing site of {subject}?",
        "A customer asks where the {subject} is made. What do I say?",
        "{subject}はどの工場で製造されていますか？",
        "{subject}の製造拠点を教えてください。",
        "{subject}の生産地はどこですか？",
        "{subject}는 어디에서 만들어지나요?",
        "{subject}의 제조 공장을 알려 주세요.",
        "{subject}는 어느 공장에서 생산되나요?",
    ),
    held_out=(
        "Which plant produces the {subject}?",
        "Tell me the place where {subject} is built.",
        "What manufacturing site is listed for {subject}?",
        "In which factory is {subject} assembled?",
        "{subject}はどこの工場で作られていますか？",
        "{subject}는 어디에서 생산되나요?",
    ),
    statements=(
        "{subject} is made in {object}.",
        "The manufacturing site of {subject} is {object}.",
        "The {subject} is assembled at the {object} plant.",
        "{subject}の製造拠点は{object}です。",
        "{subject}의 제조 공장은 {object}입니다.",
    ),
)
