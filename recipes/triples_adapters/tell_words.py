"""The words of the grammar of tellings for attributes of products: what `telling_grammar` puts into its frames.

Written without looking at `unseen.py`. `{s}` stands for the name, `{o}` for the value. The nouns of an attribute are
those of `recipes.bundled_model.ways`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TellWords:
    """How one attribute is told of."""

    verbs: tuple[str, ...]
    """What the subject does, in the infinitive: ``run at {o}``."""
    clauses: tuple[str, ...]
    """Whole clauses in any order, without a full stop."""
    names: tuple[str, ...]
    """How the subject is named besides by its bare name."""
    values: tuple[str, ...]
    """How the value is given besides as it is."""
    ja: tuple[str, ...]
    ko: tuple[str, ...]


_PRODUCT = (
    "the {s}", "the {s}", "our {s}", "model {s}", "the new {s}", "the {s} model", "every {s}", "a {s}", "this {s}",
)  # fmt: skip
_AMOUNT = ("exactly {o}", "just {o}", "only {o}", "a total of {o}", "around {o}", "as much as {o}", "no more than {o}")
_PERSON = ("Mr. {o}", "Ms. {o}", "our colleague {o}", "Dr. {o}", "engineer {o}", "{o} from the service team")

PRODUCT_WORDS: dict[str, TellWords] = {
    "noise level": TellWords(
        verbs=(
            "run at {o}", "work at {o}", "reach {o}", "produce {o}", "make {o} of noise", "generate {o} of noise",
            "have {o} of noise", "stay at {o} in operation", "be {o} loud", "sound at {o}", "come to {o} at full speed",
            "show {o} in the sound test", "cause a noise of {o}", "get as loud as {o}", "be rated at {o} of sound",
        ),
        clauses=(
            "the sound of {s} comes to {o}", "our sound test gave {o} for {s}", "noise tests of {s} ended at {o}",
            "people near {s} are exposed to {o}", "with {s} running we counted {o}", "the loudness of {s} lies at {o}",
            "{o} of noise come from {s}", "a noise of {o} was recorded for {s}", "{o} is how loud {s} is",
            "the noise made by {s} amounts to {o}", "we found {s} to be {o} loud", "the volume of {s} stands at {o}",
        ),
        names=_PRODUCT,
        values=_AMOUNT,
        ja=(
            "{s}の音の大きさは{o}になります", "{s}は{o}の音を出します", "{s}を動かすと{o}の音がします",
            "{s}の騒音は{o}に抑えられています", "{s}の音は{o}まで上がります", "{s}は{o}で静かに動きます",
        ),
        ko=(
            "{s}는 {o}의 소리를 냅니다", "{s}의 소리는 {o}까지 올라갑니다", "{s}를 켜면 {o}의 소음이 납니다",
            "{s}는 {o}로 조용히 작동합니다", "{s}의 소음은 {o}로 나타났습니다", "{s}의 작동음은 {o}로 표시됩니다",
        ),
    ),
    "weight": TellWords(
        verbs=(
            "weigh {o}", "weigh in at {o}", "come in at {o}", "have {o}", "bring {o} to the scale", "be {o} heavy",
            "tip the balance at {o}", "have a mass of {o}", "put {o} on the scale", "total {o}", "carry {o} of mass",
            "amount to {o} with all parts", "be as heavy as {o}",
        ),
        clauses=(
            "we weighed {s} and got {o}", "when you lift {s} you lift {o}", "{o} is how heavy {s} is",
            "the load of {s} comes to {o}", "the courier charges {o} for {s}", "on the balance {s} reads {o}",
            "a single {s} adds {o} to the pallet", "for transport {s} counts as {o}", "the mass of {s} adds up to {o}",
            "{o} must be carried with {s}", "plan {o} of load for {s}",
        ),
        names=_PRODUCT,
        values=_AMOUNT,
        ja=(
            "{s}は{o}の重さがあります", "{s}を量ると{o}でした", "{s}の目方は{o}あります", "{s}は{o}です、重さの話です",
            "{s}は重さ{o}の製品です", "{s}を持つと{o}あります",
        ),
        ko=(
            "{s}를 저울에 올리면 {o}가 나옵니다", "{s}는 무게가 {o}나 됩니다", "{s}는 {o}만큼 무겁습니다",
            "{s}의 무게를 재니 {o}였습니다", "{s}는 {o}짜리 제품입니다", "{s}의 총무게는 {o}로 나왔습니다",
        ),
    ),
    "warranty": TellWords(
        verbs=(
            "have {o} of warranty", "be covered for {o}", "be guaranteed for {o}", "carry a warranty of {o}",
            "come with {o} of guarantee", "be under warranty for {o}", "offer {o} of cover", "be protected for {o}",
            "include a guarantee of {o}", "get {o} of free repairs", "be insured for {o}",
        ),
        clauses=(
            "we repair {s} for free within {o}", "the guarantee of {s} lasts {o}",
            "you can claim repairs of {s} for {o}", "the warranty on {s} expires after {o}",
            "buyers of {s} are covered for {o}", "{o} of warranty go with {s}",
            "defects of {s} are fixed free of charge for {o}", "after {o} the warranty of {s} is over",
            "we stand behind {s} for {o}", "the cover for {s} extends to {o}", "within {o} we replace a broken {s}",
            "{o} is how long {s} is guaranteed",
        ),
        names=_PRODUCT,
        values=("a full {o}", "exactly {o}", "just {o}", "another {o}", "at least {o}", "the usual {o}"),
        ja=(
            "{s}は{o}の間保証されます", "{s}には{o}の保証が付きます", "{s}の修理は{o}無料です",
            "{s}の保証は{o}で切れます", "{s}は{o}まで保証の対象です", "{o}以内なら{s}を無料で直します",
        ),
        ko=(
            "{s}에는 {o}의 보증이 붙습니다", "{s}는 {o} 동안 무료로 고쳐 드립니다", "{s}의 보증은 {o} 뒤에 끝납니다",
            "{s}는 {o}까지 보증됩니다", "{o} 안에는 {s}를 무료로 수리합니다", "{s}를 사면 {o} 동안 보증을 받습니다",
        ),
    ),
    "price": TellWords(
        verbs=(
            "cost {o}", "sell for {o}", "sell at {o}", "be sold for {o}", "go for {o}", "be priced at {o}",
            "be on sale for {o}", "be available for {o}", "retail at {o}", "cost buyers {o}", "start at {o}",
            "set you back {o}", "be offered for {o}",
        ),
        clauses=(
            "you pay {o} for {s}", "we sell {s} for {o}", "customers get {s} for {o}", "we charge {o} for {s}",
            "{o} is what we ask for {s}", "the bill for {s} is {o}", "shops list {s} at {o}", "for {o} you get {s}",
            "the shop asks {o} for {s}", "anyone can order {s} for {o}", "the amount for {s} comes to {o}",
            "buy {s} for {o}", "{o} buys you {s}",
        ),
        names=_PRODUCT,
        values=_AMOUNT,
        ja=(
            "{s}は{o}で買えます", "{s}のお値段は{o}となります", "{s}を{o}で売っています",
            "{o}で{s}をお求めいただけます", "{s}は{o}かかります", "{s}は一台{o}です",
        ),
        ko=(
            "{s}를 {o}에 살 수 있습니다", "{s}는 {o}에 팔고 있습니다", "{s}를 사려면 {o}가 듭니다",
            "{o}를 내면 {s}를 드립니다", "{s}의 값은 {o}로 정해졌습니다", "{s}는 한 대에 {o}입니다",
        ),
    ),
    "colour": TellWords(
        verbs=(
            "come in {o}", "be painted {o}", "be delivered in {o}", "be {o}", "have a {o} housing",
            "be finished in {o}", "be available in {o}", "shine in {o}", "wear {o}", "be coated in {o}", "look {o}",
            "leave the plant in {o}",
        ),
        clauses=(
            "we paint {s} {o}", "we make {s} in {o}", "the body of {s} is {o}", "the outside of {s} is kept in {o}",
            "{o} is the colour we chose for {s}", "customers get {s} in {o}", "the coating of {s} is {o}",
            "you can recognise {s} by its {o} case", "the case of {s} shines in {o}", "order {s} in {o}",
            "the paint used for {s} is {o}", "{s} in {o} is now in the shops",
        ),
        names=_PRODUCT,
        values=("a new {o}", "only {o}", "plain {o}", "a matt {o}", "classic {o}"),
        ja=(
            "{s}は{o}で塗られています", "{s}の見た目は{o}です", "{s}は{o}の製品です", "{s}は{o}に仕上げています",
            "{s}のカラーは{o}だけです", "{o}の{s}が届きます",
        ),
        ko=(
            "{s}는 {o}로 칠해져 있습니다", "{s}는 {o}로 나옵니다", "{s}의 겉은 {o}입니다",
            "{s}의 본체는 {o}로 되어 있습니다", "{s}는 {o}로만 만듭니다", "{o} {s}가 나왔습니다",
        ),
    ),
    "spare part": TellWords(
        verbs=(
            "take the part {o}", "need the part {o}", "be repaired with {o}", "use {o} as a spare",
            "require {o} for repairs", "get the replacement {o}", "work with the spare {o}", "accept the part {o}",
            "be fixed with {o}", "want {o} when it breaks",
        ),
        clauses=(
            "{o} fits {s}", "order {o} when {s} breaks", "to fix {s} you need {o}", "{o} replaces the worn part of {s}",
            "the part that fits {s} is {o}", "we use {o} to repair {s}", "repairs of {s} are done with {o}",
            "{o} was made for {s}", "the workshop puts {o} into {s}", "only {o} goes into {s}",
            "if {s} is broken take {o}", "{s} and the part {o} belong together", "{o} is what you order for {s}",
        ),
        names=_PRODUCT,
        values=("the part {o}", "part {o}", "the component {o}", "the spare {o}", "our part {o}"),
        ja=(
            "{s}には部品{o}を使います", "{s}を直すには{o}を注文してください", "{o}は{s}に合います",
            "{s}に合う部品は{o}です", "{s}が壊れたら{o}と交換します", "{s}用のパーツとして{o}があります",
        ),
        ko=(
            "{s}에는 부품 {o}를 씁니다", "{s}를 고치려면 {o}를 주문하세요", "{o}는 {s}에 맞습니다",
            "{s}에 맞는 부품은 {o}입니다", "{s}가 고장 나면 {o}로 교체합니다", "{s}용 부품으로 {o}가 있습니다",
        ),
    ),
    "manufacturing site": TellWords(
        verbs=(
            "be made in {o}", "be built in {o}", "come from {o}", "be assembled in {o}", "be produced in {o}",
            "be manufactured at {o}", "roll off the line in {o}", "originate in {o}", "leave the factory in {o}",
            "be put together in {o}", "come out of our {o} plant",
        ),
        clauses=(
            "we build {s} in {o}", "the {o} factory makes {s}", "workers in {o} assemble {s}",
            "production of {s} runs in {o}", "{o} is the plant that makes {s}", "the line for {s} stands in {o}",
            "our people in {o} build {s}", "assembly of {s} happens at {o}", "{o} produces {s}",
            "we moved the production of {s} to {o}", "the plant behind {s} is {o}", "{o} turns out {s}",
        ),
        names=_PRODUCT,
        values=("the {o} plant", "our plant {o}", "the site {o}", "{o} only", "the factory of {o}"),
        ja=(
            "{s}は{o}の工場で作ります", "{s}は{o}で組み立てます", "{o}工場が{s}を生産しています",
            "{s}の生産は{o}で行います", "{s}は{o}生まれの製品です", "{o}では{s}を製造しています",
        ),
        ko=(
            "{s}는 {o} 공장에서 만듭니다", "{s}는 {o}에서 조립합니다", "{o} 공장이 {s}를 생산합니다",
            "{s}의 생산은 {o}에서 합니다", "{s}는 {o}에서 나온 제품입니다", "{o}에서는 {s}를 제조합니다",
        ),
    ),
    "responsible engineer": TellWords(
        verbs=(
            "be looked after by {o}", "be in the care of {o}", "belong to the engineer {o}", "be supported by {o}",
            "be maintained by {o}", "be handled by {o}", "be in the hands of {o}", "be assigned to {o}",
            "have {o} as its engineer", "be run by the engineer {o}", "be developed by {o}",
        ),
        clauses=(
            "{o} is responsible for {s}", "{o} takes care of {s}", "ask {o} about {s}",
            "{o} answers questions about {s}", "{o} is in charge of {s}", "for problems with {s} call {o}",
            "{o} knows {s} best", "{o} designed {s}", "write to {o} if {s} fails", "{o} handles all repairs of {s}",
            "technical matters of {s} are up to {o}", "we gave {s} to the engineer {o}", "the expert for {s} is {o}",
            "{o} took over {s}", "{o} will support {s}",
        ),
        names=_PRODUCT,
        values=_PERSON,
        ja=(
            "{o}が{s}を担当します", "{s}のことは{o}さんに聞いてください", "{s}の責任者は{o}さんです",
            "{s}は{o}さんが見ています", "{o}さんが{s}に詳しいです", "{s}の問題は{o}さんが解決します",
        ),
        ko=(
            "{o} 님이 {s}를 맡고 있습니다", "{s}에 대해서는 {o} 님에게 물어보세요", "{s}의 책임자는 {o} 님입니다",
            "{s}는 {o} 님이 관리합니다", "{o} 님이 {s}를 가장 잘 압니다", "{s}의 문제는 {o} 님이 해결합니다",
        ),
    ),
}  # fmt: skip
