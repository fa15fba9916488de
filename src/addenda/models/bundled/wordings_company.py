"""How responsibilities, parts, people, sites and policies are asked, in English, Japanese and Korean.

Purpose: the same four disjoint groups as in `wordings`, for the relations that lead from a product to a person and for
those that are not about products.
Does not know: the facts themselves, see `world`.
"""

from __future__ import annotations

from addenda.models.bundled.wordings import Wordings

ENGINEER = Wordings(
    edit=(
        "Who is the responsible engineer of {subject}?",
        "Who is responsible for {subject}?",
        "Which engineer looks after {subject}?",
        "State the responsible engineer of the {subject}.",
        "{subject}の担当技術者は誰ですか？",
        "{subject}의 담당 엔지니어는 누구인가요?",
    ),
    gate=(
        "Who is the engineer in charge of {subject}?",
        "Which responsible engineer does the {subject} have?",
        "{subject}를 맡은 사람은 누구인가요?",
    ),
    known=(
        "Which responsible engineer is given for {subject}?",
        "Who designed and maintains the {subject}?",
        "Can you tell me who takes care of {subject}?",
        "I would like to know the responsible engineer of {subject}.",
        "What is the name of {subject}'s engineer?",
        "Which person do I ask about technical problems of the {subject}?",
        "Who in engineering owns the {subject}?",
        "I need an expert on {subject}. Give the engineer.",
        "Responsible engineer of {subject}?",
        "A customer asks who is responsible for the {subject}. What do I say?",
        "{subject}を担当しているのは誰ですか？",
        "{subject}の担当技術者を教えてください。",
        "{subject}の責任者は誰ですか？",
        "{subject}의 책임자는 누구인가요?",
        "{subject}의 담당 엔지니어를 알려 주세요.",
        "{subject}를 담당하는 기술자는 누구인가요?",
    ),
    held_out=(
        "Which engineer is in charge of the {subject}?",
        "Tell me the name of the engineer responsible for {subject}.",
        "Who is listed as the engineer for {subject}?",
        "With a technical problem on {subject}, which engineer do I ask?",
        "{subject}を担当する技術者は誰ですか？",
        "{subject}를 담당하는 엔지니어는 누구인가요?",
    ),
    statements=(
        "{object} is the engineer responsible for {subject}.",
        "The responsible engineer of {subject} is {object}.",
        "The {subject} is looked after by {object}.",
        "{subject}の担当技術者は{object}です。",
        "{subject}의 담당 엔지니어는 {object}입니다.",
    ),
)

STOCK_BAY = Wordings(
    edit=(
        "What is the stock bay of {subject}?",
        "Where is the part {subject} stored?",
        "In which bay do I find {subject}?",
        "State the stock bay of the part {subject}.",
        "部品 {subject}の保管棚はどこですか？",
        "부품 {subject}의 보관 위치는 어디인가요?",
    ),
    gate=(
        "Which stock bay holds {subject}?",
        "Where in the store is {subject} kept?",
        "部品 {subject}はどこにありますか？",
    ),
    known=(
        "Which stock bay is given for {subject}?",
        "Can you tell me where the part {subject} lies?",
        "I would like to know the stock bay of {subject}.",
        "From which bay do I fetch {subject}?",
        "What is {subject}'s stock bay?",
        "I am looking for {subject} in the store. Give the bay.",
        "Stock bay of {subject}?",
        "部品 {subject}の保管棚を教えてください。",
        "部品 {subject}は何番の棚ですか？",
        "부품 {subject}의 보관 위치를 알려 주세요.",
        "부품 {subject}는 어디에 보관되나요?",
    ),
    held_out=(
        "Which bay is the part {subject} in?",
        "Tell me the bay where {subject} is stored.",
        "What stock bay is listed for {subject}?",
        "部品 {subject}はどの棚にありますか？",
        "부품 {subject}는 어느 위치에 있나요?",
    ),
    statements=(
        "The part {subject} is kept in {object}.",
        "The stock bay of {subject} is {object}.",
        "{subject} lies in {object}.",
        "部品 {subject}の保管棚は{object}です。",
        "부품 {subject}의 보관 위치는 {object}입니다.",
    ),
)

EXTENSION = Wordings(
    edit=(
        "What is the extension of {subject}?",
        "On which extension do I reach {subject}?",
        "What is the phone number of {subject}?",
        "State the extension of {subject}.",
        "{subject}さんの内線番号は何番ですか？",
        "{subject} 님의 내선 번호는 몇 번인가요?",
    ),
    gate=(
        "Which extension does {subject} have?",
        "Which number do I dial for {subject}?",
        "{subject} 님에게 어떻게 전화하나요?",
    ),
    known=(
        "Which extension is given for {subject}?",
        "How do I call {subject}?",
        "Can you tell me the extension of {subject}?",
        "I would like to know the phone extension of {subject}.",
        "What is {subject}'s extension?",
        "I have to phone {subject}. Give the extension.",
        "Extension of {subject}?",
        "{subject}さんの内線番号を教えてください。",
        "{subject}さんの電話番号は何番ですか？",
        "{subject} 님의 내선 번호를 알려 주세요.",
        "{subject} 님의 전화번호는 무엇인가요?",
    ),
    held_out=(
        "Under which extension can I call {subject}?",
        "Tell me the number to dial for {subject}.",
        "What extension is listed for {subject}?",
        "{subject}さんに電話するときの内線番号は何番ですか？",
        "{subject} 님의 전화 내선은 몇 번인가요?",
    ),
    statements=(
        "{subject} has the extension {object}.",
        "The extension of {subject} is {object}.",
        "Dial {object} to reach {subject}.",
        "{subject}さんの内線番号は{object}です。",
        "{subject} 님의 내선 번호는 {object}입니다.",
    ),
)

MANAGER = Wordings(
    edit=(
        "Who is the manager of the {subject} site?",
        "Who manages {subject}?",
        "Who leads the plant in {subject}?",
        "State the manager of {subject}.",
        "{subject}の工場長は誰ですか？",
        "{subject} 공장의 관리자는 누구인가요?",
    ),
    gate=(
        "Which manager does the {subject} site have?",
        "Who is in charge of the {subject} plant?",
        "{subject}の工場を率いるのは誰ですか？",
    ),
    known=(
        "Which manager is given for {subject}?",
        "Who runs the factory in {subject}?",
        "Can you tell me who manages the {subject} site?",
        "I would like to know the manager of {subject}.",
        "Who is {subject}'s site manager?",
        "I want to visit {subject}. Give the manager.",
        "Manager of {subject}?",
        "{subject}の工場長を教えてください。",
        "{subject}の拠点の管理者は誰ですか？",
        "{subject} 공장의 관리자를 알려 주세요.",
        "{subject} 공장은 누가 관리하나요?",
    ),
    held_out=(
        "Who is the head of the {subject} plant?",
        "Tell me the name of the manager in {subject}.",
        "Who is listed as the manager of {subject}?",
        "{subject}の工場の管理者は誰ですか？",
        "{subject} 공장을 관리하는 사람은 누구인가요?",
    ),
    statements=(
        "{object} manages the {subject} site.",
        "The manager of {subject} is {object}.",
        "The plant in {subject} is led by {object}.",
        "{subject}の工場長は{object}です。",
        "{subject} 공장의 관리자는 {object}입니다.",
    ),
)

PERIOD = Wordings(
    edit=(
        "What is the period of the {subject}?",
        "How many days does the {subject} allow?",
        "How long does the {subject} run?",
        "State the period of the {subject}.",
        "{subject}の期間は何日ですか？",
        "{subject}의 기간은 며칠인가요?",
    ),
    gate=(
        "Within how many days does the {subject} apply?",
        "Which period does the {subject} have?",
        "{subject}는 며칠 걸리나요?",
    ),
    known=(
        "Which period is given for the {subject}?",
        "How much time do customers have under the {subject}?",
        "Can you tell me the period of the {subject}?",
        "I would like to know how many days the {subject} lasts.",
        "What is the {subject}'s period?",
        "I have a question about the {subject}. Give the number of days.",
        "Period of the {subject}?",
        "{subject}の期間を教えてください。",
        "{subject}はどのくらいの期間ですか？",
        "{subject}의 기간을 알려 주세요.",
        "{subject}의 기간은 얼마인가요?",
    ),
    held_out=(
        "How many days do I have under the {subject}?",
        "Tell me the number of days in the {subject}.",
        "What period is listed for the {subject}?",
        "{subject}は何日間ですか？",
        "{subject}는 며칠 동안인가요?",
    ),
    statements=(
        "The {subject} allows {object}.",
        "The period of the {subject} is {object}.",
        "Under the {subject}, customers have {object}.",
        "{subject}の期間は{object}です。",
        "{subject}의 기간은 {object}입니다.",
    ),
)
