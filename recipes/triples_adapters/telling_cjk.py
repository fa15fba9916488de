"""The grammar of tellings in Japanese and Korean; see `telling_grammar`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from random import Random

from recipes.bundled_model import grammar
from recipes.bundled_model.ways import WAYS
from recipes.triples_adapters.tell_words import TellWords
from recipes.triples_adapters.telling_cjk_words import JA_SENTENCES, KO_SENTENCES
from recipes.triples_adapters.telling_ways_company import WAYS_OF
from recipes.triples_adapters.tellings import STRAY, TELLINGS

_JA_FRAMES = (
    "{s}の{n}は{o}です", "{s}の{n}は{o}です", "{s}の{n}は{o}になります", "{s}は{n}が{o}です", "{s}の{n}：{o}",
    "{s} {n} {o}", "{s}（{n}：{o}）", "{s}（{n}{o}）", "{o}が{s}の{n}です", "{o}は{s}の{n}です",
    "{s}については{n}は{o}となります", "{s}の{n}は{o}に変わりました", "{s}の{n}として{o}と書いてあります",
    "{s}の{n}を{o}にしました", "{n}は{o}です（{s}）", "新しい{s}の{n}は{o}だそうです", "{s}の{n}は{o}と決まりました",
    "{s}の{n}は{o}とのことです", "{s}の{n}、{o}", "{s}：{n}は{o}", "{s}の場合、{n}は{o}です", "{s}の{n}は今{o}です",
    "{s}というと、{n}は{o}です", "{n}：{o}（{s}）", "{n}が{o}なのは{s}です", "{s}｜{n}｜{o}", "【{s}】{n}：{o}",
    "{s}は{n}が{o}なので、{m}", "{n}が{o}の{s}について、{m}", "{s}ですが、{n}は{o}です", "{n}といえば{s}は{o}です",
    "{s}の{n}を聞かれたら{o}と答えてください", "{n}{o}の{s}が届きました", "{o}、これが{s}の{n}です",
    "{n}の欄：{s}は{o}", "{s}（{n}は{o}）について、{m}", "{s}の{n}はこれから{o}になります",
    "{s}の{n}が{o}に決まったので、{m}",
)  # fmt: skip
_KO_FRAMES = (
    "{s}의 {n}은 {o}입니다", "{s}의 {n}은 {o}입니다", "{s}는 {n}이 {o}입니다", "{s} {n}: {o}", "{s}({n}: {o})",
    "{s} ({n} {o})", "{o}가 {s}의 {n}입니다", "{o}는 {s}의 {n}입니다", "{s}의 경우 {n}은 {o}입니다",
    "{s}의 {n}은 {o}로 바뀌었습니다", "{s}의 {n}을 {o}로 정했습니다", "{n}은 {o}입니다 ({s})",
    "{s}의 {n}은 {o}라고 합니다", "{s}의 {n}, {o}", "새 {s}의 {n}은 {o}로 확인되었습니다", "{s}: {n}은 {o}",
    "{s}에 대해서는 {n}이 {o}입니다", "{s}의 {n}은 현재 {o}입니다", "{n}: {o} ({s})", "{n}이 {o}인 것은 {s}입니다",
    "{s} | {n} | {o}", "[{s}] {n}: {o}", "{s}의 {n}으로 {o}를 적었습니다", "{s} 제품의 {n}은 {o}가 됩니다",
    "{s}는 {n}이 {o}라서 {m}", "{n}이 {o}인 {s}에 대해 {m}", "{s} 말인데요, {n}은 {o}입니다", "{n} 칸: {s}는 {o}",
    "{s}의 {n}을 물으면 {o}라고 답하세요", "{n} {o}의 {s}가 도착했습니다", "{o}, 이것이 {s}의 {n}입니다",
    "{s}({n}은 {o})에 대해 {m}", "앞으로 {s}의 {n}은 {o}가 됩니다", "{s}의 {n}이 {o}로 정해져서 {m}",
)  # fmt: skip
_JA_SHORT = (
    "{n}は{o}です",
    "{n}：{o}",
    "{n}は{o}になります",
    "{n} {o}",
    "その{n}は{o}です",
    "この製品の{n}は{o}です",
    "・{n}：{o}",
    "{o}がその{n}です",
)
_KO_SHORT = (
    "{n}은 {o}입니다",
    "{n}: {o}",
    "{n} {o}",
    "그 {n}은 {o}입니다",
    "이 제품의 {n}은 {o}입니다",
    "- {n}: {o}",
    "{o}가 그 {n}입니다",
)
_JA_OPENERS = (
    "なお、", "また、", "ちなみに、", "現在、", "今日から", "会議で確認したところ、", "カタログでは、", "念のため、",
    "来月から", "実は、", "新しい資料によれば、", "皆さん、", "説明書を見ると、", "営業部からの連絡では、",
    "先週から", "やはり、", "正しくは、", "そして、", "注意：", "はい、",
)  # fmt: skip
_KO_OPENERS = (
    "참고로 ", "또한 ", "오늘부터 ", "회의에서 확인한 대로 ", "자료에 따르면 ", "사실 ", "다음 달부터 ", "현재 ",
    "안내에 따르면 ", "영업부의 연락으로는 ", "여러분, ", "설명서를 보면 ", "지난주부터 ", "역시 ", "정확히는 ",
    "그리고 ", "주의: ", "네, ", "카탈로그에는 ", "새로 나온 ",
)  # fmt: skip
_JA_MORE = (
    "詳しくは後日お知らせします", "まだ発表していません", "資料は準備中です", "皆さんに伝えてください",
    "お客様には好評です", "来週また確認します", "表を直しておきました", "古い情報は消してください",
    "社長も驚いていました", "雨の日が続いています", "会場は二階です",
)  # fmt: skip
_KO_MORE = (
    "자세한 내용은 나중에 알려 드리겠습니다", "아직 발표하지 않았습니다", "자료는 준비 중입니다",
    "모두에게 전해 주세요", "손님들이 좋아합니다", "다음 주에 다시 확인하겠습니다", "표를 고쳐 두었습니다",
    "예전 정보는 지워 주세요", "사장님도 놀랐습니다", "비가 계속 옵니다", "장소는 이 층입니다",
)  # fmt: skip
_JA_SUBJECTS = ("「{s}」", "新型{s}", "当社の{s}", "この{s}", "『{s}』", "製品{s}")
_KO_SUBJECTS = ("'{s}'", "새 {s}", "우리 {s}", "당사의 {s}", "이 {s}", "“{s}”")
_JA_NOTHING = (
    "{s}について話し合いました", "{s}の{n}はまだ決まっていません", "{s}の{n}は分かりません", "{s}の{n}は何ですか？",
    "{x}さんが{s}のことを聞いていました", "{s}は人気があります", "{s}の写真を送ります", "{s}の{n}を調べています",
    "{x}さんから連絡がありました", "{s}の会議は明日です", "{s}", "{m}", "{s}の{n}は{x}ではありません",
    "{s}を見ましたか？", "{s}の{n}は検討中です", "お世話になっております", "よろしくお願いいたします",
    "{s}の納品が{i}日遅れました", "{x}さんは{s}を{i}日待ちました", "{s}は{i}回売れました", "{x}さんが{s}を試しました",
    "会場の席は{i}個です", "{s}の{n}が{x}だというのは間違いです", "{x}さんは昔{s}に関わっていました",
    "紙を{i} kg買いました", "{s}の{n}を{x}に変える案は断りました", "{x}さんと{s}を見に行きました",
    "切符は{i} eurosでした", "{s}は{i}ページにあります",
)  # fmt: skip
_KO_NOTHING = (
    "{s}에 대해 이야기했습니다", "{s}의 {n}은 아직 정해지지 않았습니다", "{s}의 {n}은 모릅니다",
    "{s}의 {n}은 무엇입니까?", "{x} 님이 {s}에 대해 물었습니다", "{s}는 인기가 많습니다", "{s}의 사진을 보냅니다",
    "{s}의 {n}을 알아보고 있습니다", "{x} 님에게서 연락이 왔습니다", "{s} 회의는 내일입니다", "{s}", "{m}",
    "{s}의 {n}은 {x}가 아닙니다", "{s}를 보셨습니까?", "{s}의 {n}은 검토 중입니다", "안녕하세요", "잘 부탁드립니다",
    "{s}의 납품이 {i}일 늦었습니다", "{x} 님은 {s}를 {i}일 기다렸습니다", "{s}는 {i}번 팔렸습니다",
    "{x} 님이 {s}를 써 보았습니다", "회의장 자리는 {i}개입니다", "{s}의 {n}이 {x}라는 것은 틀렸습니다",
    "{x} 님은 예전에 {s} 일을 했습니다", "종이 {i} kg을 샀습니다", "{s}의 {n}을 {x}로 바꾸자는 안은 거절했습니다",
    "{x} 님과 {s}를 보러 갔습니다", "표는 {i} euros였습니다", "{s}는 {i}쪽에 있습니다",
)  # fmt: skip
_JA_SCRAPS = (
    "先日の会議で", "新しい", "ようやく", "お客様から", "とても", "このたび", "担当の者が", "なんと", "いつもの",
    "確認したところ、", "もう一度", "昨日から", "ということで、", "皆さんご存じの", "電話で聞いた", "朝から", "必ず",
    "前回と違って、", "写真にあるとおり", "書類では", "工場の人が", "もちろん", "一年ぶりに", "お店で", "この話は",
    "思ったより", "やっと", "次に", "お客様が", "急いで", "よく見ると", "全部で", "隣の", "大事な", "古い", "試しに",
    "誰でも",
)  # fmt: skip
_JA_LINKS = (
    "の", "は", "が", "を", "に", "で", "なら", "といえば", "について", "には", "では", "も", "から", "、", "との",
    "だけ", "ほど", "という", "まで", "へ", "：", " ",
)  # fmt: skip
_JA_ENDS = (
    "です", "でした", "となっています", "だそうです", "と聞きました", "で間違いありません", "になるはずです",
    "と書かれていました", "にしてください", "だけです", "でお願いします", "と覚えてください", "まで",
    "しかありません", "に決めました", "を使います", "が必要です", "にあります", "がいます", "と言われました",
    "へどうぞ", "をご利用ください", "に任せています", "で売っています", "になりました", "ぐらいです", "が答えます",
    "から来ました", "を確認しました",
)  # fmt: skip
_KO_SCRAPS = (
    "지난 회의에서", "새로운", "드디어", "손님에게서", "아주", "이번에", "담당자가", "무려", "늘 쓰던", "확인해 보니",
    "다시 한번", "어제부터", "그래서", "모두 아는", "전화로 들은", "아침부터", "반드시", "지난번과 달리",
    "사진에 나온", "서류에는", "공장 사람이", "물론", "일 년 만에", "가게에서", "생각보다", "겨우", "다음으로",
    "손님이", "급하게", "자세히 보면", "전부", "옆에 있는", "중요한", "오래된", "시험 삼아", "누구나", "혹시",
)  # fmt: skip
_KO_LINKS = (
    "의", "는", "은", "이", "가", "를", "을", "에", "에서", "라면", "에 대해", "에는", "도", "부터", ",", "와", "만",
    "만큼", "라는", "까지", "로", ":", "", " 쪽은",
)  # fmt: skip
_KO_ENDS = (
    "입니다", "였습니다", "로 되어 있습니다", "라고 합니다", "라고 들었습니다", "가 맞습니다", "가 될 것입니다",
    "라고 적혀 있었습니다", "로 해 주세요", "뿐입니다", "로 부탁드립니다", "로 기억해 주세요", "까지",
    "밖에 없습니다", "로 정했습니다", "를 씁니다", "가 필요합니다", "에 있습니다", "가 있습니다", "에게 맡겼습니다",
    "로 오세요", "를 이용해 주세요", "에 팝니다", "가 되었습니다", "정도입니다", "가 대답합니다", "에서 왔습니다",
    "를 확인했습니다", "예요", "이에요", "네요",
)  # fmt: skip
_KEYWORDS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "ja": {
        "noise level": ("静か", "うるさい", "音"),
        "weight": ("重い", "軽い", "キロ"),
        "warranty": ("無料修理", "保証書"),
        "price": ("お買い得", "支払い", "購入"),
        "colour": ("塗装", "見た目"),
        "spare part": ("交換", "修理", "取り替え", "注文"),
        "manufacturing site": ("製造", "生産", "組み立て", "作る"),
        "responsible engineer": ("担当", "問い合わせ", "質問", "相談", "技術"),
        "stock bay": ("倉庫", "保管", "在庫"),
        "extension": ("電話", "連絡", "内線"),
        "manager": ("管理", "工場", "トップ", "指揮"),
        "period": ("以内", "有効", "締め切り"),
    },
    "ko": {
        "noise level": ("조용한", "시끄러운", "소리"),
        "weight": ("무거운", "가벼운", "킬로"),
        "warranty": ("무상 수리", "보증서"),
        "price": ("구입", "결제", "할인"),
        "colour": ("도색", "겉모습"),
        "spare part": ("교체", "수리", "교환", "주문"),
        "manufacturing site": ("제조", "생산", "조립", "만드는"),
        "responsible engineer": ("담당", "문의", "질문", "상담", "기술"),
        "stock bay": ("창고", "보관", "재고"),
        "extension": ("전화", "연락", "내선"),
        "manager": ("관리", "공장", "책임", "지휘"),
        "period": ("이내", "유효", "마감"),
    },
}
_PARTICLES = (("은", "는"), ("을", "를"), ("이", "가"), ("으로", "로"))
_AFTER_NOUN = re.compile(r"\{n\}(은|을|이|으로)")
_AFTER_NAME = re.compile(r"(\{[so]\})(는|를|가|로)(?=[ ,]|$)")


def _final(word: str) -> bool | None:
    """Whether a word ends in a Korean consonant; None where it is not in Hangul, and people write either particle."""
    place = ord(word[-1]) - ord("가")
    return place % 28 != 0 if 0 <= place <= ord("힣") - ord("가") else None


def _with_particles(random: Random, template: str, noun: str, names: dict[str, str]) -> str:
    """The template with the noun, and with the particles that its words take."""
    forms = {form: pair for pair in _PARTICLES for form in pair}

    def chosen(word: str, particle: str) -> str:
        final = _final(word)
        with_final, without = forms[particle]
        return with_final if final or (final is None and random.random() < 0.3) else without

    template = _AFTER_NAME.sub(lambda found: found[1] + chosen(names[found[1]], found[2]), template)
    return _AFTER_NOUN.sub(lambda found: noun + chosen(noun, found[1]), template).replace("{n}", noun)


def _noun(random: Random, relation: str, language: str) -> str:
    ways = WAYS.get(relation)
    if ways is None:
        return relation
    return random.choice(ways.nouns_ja if language == "ja" else ways.nouns_ko)


def _of(language: str, templates: tuple[str, ...]) -> list[str]:
    korean = re.compile("[가-힣]")
    return [one for one in templates if not one.isascii() and bool(korean.search(one)) == (language == "ko")]


def full(random: Random, relation: str, words: TellWords | None, subject: str, value: str, language: str) -> str:
    """A sentence that names its subject."""
    shape = random.random()
    japanese = language == "ja"
    if words is not None and shape < 0.02:
        return _scattered(random, relation, subject, value, language)
    if words is not None and shape < 0.25:
        template = random.choice(WAYS_OF[language][relation]).rstrip(".。")
    elif words is not None and shape < 0.45:
        template = random.choice(_of(language, TELLINGS[relation].full)).rstrip(".。")
    elif words is not None and shape < 0.7:
        own, more = (words.ja, JA_SENTENCES) if japanese else (words.ko, KO_SENTENCES)
        template = random.choice((*own, *more[relation]))
    else:
        template = random.choice(_JA_FRAMES if japanese else _KO_FRAMES)
    if random.random() < 0.15 and "{s}さん" not in template and "{s} 님" not in template:
        template = template.replace("{s}", random.choice(_JA_SUBJECTS if japanese else _KO_SUBJECTS), 1)
    template = template.replace("{m}", random.choice(_JA_MORE if japanese else _KO_MORE))
    return _finished(random, template, relation, language, {"{s}": subject, "{o}": value})


def _scattered(random: Random, relation: str, subject: str, value: str, language: str) -> str:
    """Name, value and mostly a noun of the attribute among words that mean nothing; see `telling_grammar`."""
    scraps, links, ends = (_JA_SCRAPS, _JA_LINKS, _JA_ENDS) if language == "ja" else (_KO_SCRAPS, _KO_LINKS, _KO_ENDS)
    places = [subject, value]
    random.shuffle(places)
    if random.random() < 0.75:
        places.insert(
            random.randrange(3), random.choice((_noun(random, relation, language), *_KEYWORDS[language][relation]))
        )
    gap = "" if language == "ja" else " "
    text = random.choice(("", random.choice(scraps) + gap))
    for number, place in enumerate(places):
        text += place + random.choice(links if number < len(places) - 1 else ends) + gap
        if number < len(places) - 1 and random.random() < 0.4:
            text += random.choice(scraps) + gap
    return text.strip() + random.choice(("。", "。", "") if language == "ja" else (".", ".", ""))


def short(random: Random, relation: str, words: TellWords | None, value: str, language: str) -> str:
    """A sentence that goes on about the subject of the sentence before."""
    japanese = language == "ja"
    if words is not None and random.random() < 0.3:
        template = random.choice(_of(language, TELLINGS[relation].short)).rstrip(".。")
    else:
        template = random.choice(_JA_SHORT if japanese else _KO_SHORT)
    return _finished(random, template, relation, language, {"{s}": "", "{o}": value})


def nothing(random: Random, relation: str, subject: str, other: str, language: str) -> str:
    """A sentence that states nothing."""
    japanese = language == "ja"
    if random.random() < 0.2:
        return random.choice(_of(language, STRAY)).format(s=subject)
    if random.random() < 0.15 and relation in WAYS:
        asked = grammar.wording(random, relation, english=False)
        if _of(language, (asked,)):
            return asked.replace("{subject}", subject)
    template = random.choice(_JA_NOTHING if japanese else _KO_NOTHING)
    template = template.replace("{m}", random.choice(_JA_MORE if japanese else _KO_MORE))
    template = template.replace("{i}", str(random.randint(2, 400)))
    return _finished(random, template, relation, language, {"{s}": subject, "{x}": other})


def _finished(random: Random, template: str, relation: str, language: str, names: dict[str, str]) -> str:
    japanese = language == "ja"
    if random.random() < 0.1 and not re.match(r"[・\-【\[]", template):
        template = random.choice(_JA_OPENERS if japanese else _KO_OPENERS) + template
    if random.random() < 0.08 and template.endswith(("です", "ます", "ました", "니다")):
        more = random.choice(_JA_MORE if japanese else _KO_MORE)
        template += (
            random.choice(
                ("が、", "ので、", "、") if japanese else ("만, ", ". 그리고 " if random.random() < 0.1 else "만 ")
            )
            + more
        )
    text = _with_particles(random, template, _noun(random, relation, language), {"{s}": "", "{o}": "", **names})
    if not text.endswith(("？", "?")) and random.random() < 0.88:
        text += "。" if japanese else "."
    return re.sub(r"\{[sox]\}", lambda found: names.get(found[0], found[0]), text)
