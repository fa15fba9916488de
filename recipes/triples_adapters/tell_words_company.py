"""The words of the grammar of tellings for what is not about products; see `tell_words`."""

from __future__ import annotations

from recipes.triples_adapters.tell_words import PRODUCT_WORDS, TellWords

_COMPANY_WORDS: dict[str, TellWords] = {
    "stock bay": TellWords(
        verbs=(
            "lie in {o}", "be kept in {o}", "be stored in {o}", "sit in {o}", "be found in {o}", "be in {o}",
            "wait in {o}", "have its place in {o}", "belong in {o}", "be stocked in {o}", "rest in {o}",
        ),
        clauses=(
            "we keep {s} in {o}", "you find {s} in {o}", "look in {o} for {s}", "{o} holds {s}",
            "{o} is where {s} lies", "the place of {s} is {o}", "we moved {s} to {o}", "please put {s} back into {o}",
            "fetch {s} from {o}", "the box with {s} stands in {o}", "take {s} out of {o}", "in {o} there is {s}",
            "go to {o} to get {s}",
        ),
        names=("the part {s}", "part {s}", "spare part {s}", "the spare {s}", "our part {s}", "the {s}"),
        values=("the shelf {o}", "shelf {o}", "storage {o}", "the place {o}"),
        ja=(
            "部品{s}は{o}にあります", "{s}は{o}に置いてあります", "{s}は{o}に保管しています", "{o}に部品{s}があります",
            "{s}を{o}に移しました", "{s}は{o}から取ってください",
        ),
        ko=(
            "부품 {s}는 {o}에 있습니다", "{s}는 {o}에 두었습니다", "{s}는 {o}에 보관합니다",
            "{o}에 부품 {s}가 있습니다", "{s}를 {o}로 옮겼습니다", "{s}는 {o}에서 꺼내세요",
        ),
    ),
    "extension": TellWords(
        verbs=(
            "have the number {o}", "have the extension {o}", "answer the phone at {o}", "be reached at {o}",
            "use the line {o}", "be on extension {o}", "pick up at {o}", "be available under {o}", "sit at phone {o}",
            "take calls on {o}",
        ),
        clauses=(
            "dial {o} for {s}", "call {o} to speak to {s}", "you reach {s} at {o}", "the phone of {s} is {o}",
            "{o} is the number of {s}", "{o} connects you with {s}", "to call {s} press {o}",
            "the direct line to {s} is {o}", "phone {s} on {o}", "{s} now answers calls to {o}",
            "ring {o} and ask for {s}", "under {o} you get {s}",
        ),
        names=("our colleague {s}", "Mr. {s}", "Ms. {s}", "Dr. {s}", "the engineer {s}"),
        values=("extension {o}", "the number {o}", "number {o}", "the line {o}", "ext. {o}"),
        ja=(
            "{s}さんには{o}番で電話できます", "{s}さんに電話するときは{o}を押してください", "{s}の番号は{o}です",
            "{o}番は{s}さんの電話です", "{s}さんは{o}番にいます", "{s}さんへの内線は{o}です",
        ),
        ko=(
            "{s} 님에게는 {o}번으로 전화하세요", "{s} 님과 통화하려면 {o}를 누르세요", "{s}의 번호는 {o}입니다",
            "{o}번은 {s} 님의 전화입니다", "{s} 님은 {o}번을 씁니다", "{s} 님의 전화번호는 {o}입니다",
        ),
    ),
    "manager": TellWords(
        verbs=(
            "be managed by {o}", "be led by {o}", "be headed by {o}", "be run by {o}", "report to {o}",
            "have {o} as its manager", "be under the lead of {o}", "be directed by {o}", "get {o} as its new boss",
            "stand under {o}",
        ),
        clauses=(
            "{o} manages {s}", "{o} leads the plant in {s}", "{o} is the boss in {s}", "{o} runs {s}", "{o} heads {s}",
            "the factory in {s} is run by {o}", "{o} took over the plant in {s}", "the people in {s} work for {o}",
            "the boss of {s} is {o}", "everyone in {s} reports to {o}", "{o} directs the {s} factory",
            "{o} is in charge of the site {s}", "in {s} the decisions are made by {o}",
        ),
        names=("the {s} site", "the {s} plant", "our site {s}", "the {s} factory", "the plant {s}", "the site in {s}"),
        values=("Mr. {o}", "Ms. {o}", "our colleague {o}", "Dr. {o}", "director {o}"),
        ja=(
            "{o}が{s}の工場を管理しています", "{s}の工場は{o}さんが率いています", "{s}の所長は{o}さんです",
            "{o}さんは{s}のトップです", "{s}工場の責任者は{o}です", "{s}では{o}さんが指揮を執ります",
        ),
        ko=(
            "{o} 님이 {s} 공장을 관리합니다", "{s} 공장은 {o} 님이 이끕니다", "{s}의 공장장은 {o} 님입니다",
            "{o} 님은 {s} 공장의 책임자입니다", "{s} 공장을 운영하는 사람은 {o}입니다", "{s}에서는 {o} 님이 결정합니다",
        ),
    ),
    "period": TellWords(
        verbs=(
            "allow {o}", "run {o}", "last {o}", "give customers {o}", "cover {o}", "end after {o}", "be valid for {o}",
            "grant {o}", "be limited to {o}", "leave you {o}", "apply for {o}", "extend over {o}", "set a limit of {o}",
        ),
        clauses=(
            "under {s} you have {o}", "customers have {o} under {s}", "with {s} you get {o}", "the limit of {s} is {o}",
            "according to {s} there are {o}", "{o} is the time that {s} gives", "after {o} {s} ends",
            "you have {o} to use {s}", "we set {s} to {o}", "{s} was changed to {o}", "the time for {s} is {o}",
            "{o} remain under {s}",
        ),
        names=("the {s}", "our {s}", "the {s} rule", "the new {s}", "the company's {s}"),
        values=("exactly {o}", "a full {o}", "just {o}", "only {o}", "up to {o}", "no more than {o}", "another {o}"),
        ja=(
            "{s}は{o}まで有効です", "{s}は{o}以内に使えます", "{s}では{o}の期間があります",
            "{s}の期限は{o}に変わりました", "{s}は{o}で終わります", "{s}の日数は{o}となります",
        ),
        ko=(
            "{s}는 {o}까지 유효합니다", "{s}는 {o} 안에 쓸 수 있습니다", "{s}에는 {o}의 기간이 있습니다",
            "{s}의 기한은 {o}로 바뀌었습니다", "{s}는 {o} 뒤에 끝납니다", "{s}의 일수는 {o}로 정해졌습니다",
        ),
    ),
}  # fmt: skip

TELL_WORDS: dict[str, TellWords] = PRODUCT_WORDS | _COMPANY_WORDS
"""The words of all attributes of the bundled model's world."""

KEYWORDS: dict[str, tuple[str, ...]] = {
    "responsible engineer": (
        "engineer", "engineers", "technician", "expert", "specialist", "support", "help", "questions", "problems",
        "advice", "responsible", "in charge", "contact", "ask", "takes care", "designed", "maintains", "knows",
        "team leader", "technical", "looks after", "service", "faults", "trouble", "developer", "inventor",
    ),
    "spare part": (
        "part", "parts", "spare", "spares", "replace", "replaced", "replacement", "component", "order", "broken",
        "repair kit", "fits", "fitting", "module", "swap", "wears out", "fix", "fixed", "repairs", "exchange",
        "workshop", "mechanic",
    ),
    "manufacturing site": (
        "plant", "factory", "made", "built", "produced", "production", "assembly", "assembled", "manufactured",
        "workers", "line", "origin", "site", "works", "comes from", "builds", "makes", "produces", "production line",
        "shipped from",
    ),
    "manager": (
        "manager", "boss", "head", "leads", "runs", "director", "chief", "led", "leader", "decisions", "management",
        "manages", "in charge", "headed", "reports to", "plant manager", "at the top", "takes over", "promoted",
        "responsible",
    ),
    "noise level": ("noise", "loud", "quiet", "sound", "hear", "decibels", "noisy", "silent"),
    "weight": ("weight", "weighs", "heavy", "light", "kilos", "scale", "lift", "carry", "mass"),
    "warranty": ("warranty", "guarantee", "guaranteed", "covered", "free repairs", "repair", "claim", "cover"),
    "price": ("price", "costs", "cost", "pay", "paid", "sold", "cheap", "expensive", "buy", "invoice", "charge"),
    "colour": ("colour", "painted", "paint", "looks", "shade", "coated", "finish", "housing"),
    "stock bay": ("stored", "kept", "shelf", "found", "storage", "stock", "place", "lies", "warehouse"),
    "extension": ("call", "phone", "dial", "number", "extension", "reach", "ring", "line"),
    "period": ("period", "time", "limit", "deadline", "lasts", "allowed", "within", "valid", "expires"),
}  # fmt: skip
"""Words that an attribute is known by, whatever stands around them."""
