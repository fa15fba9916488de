"""Tellings for choosing: how long to train, how large an adapter, which data. Never trained on, never reported.

Written apart from the grammar of `telling_grammar` and without looking at `unseen.py`, so that choices are made on
other sentences than those that scores are reported on.
"""

from __future__ import annotations

DEVELOPMENT: dict[str, tuple[str, ...]] = {
    "noise level": (
        "Neighbours will not complain about {s}, which only gets to {o} on the highest setting.",
        "Decibel check finished: {s}, {o}.",
        "The second prototype was noisier, whereas the {s} we ship now peaks at {o}.",
        "Expect {o} once {s} has been switched on.",
        "{s}の稼働音を計ってみたら{o}でした。",
        "{s}를 밤에 켜 두어도 {o}밖에 안 됩니다.",
    ),
    "weight": (
        "Two people are not needed to carry {s}, since it is a mere {o}.",
        "Gross weight on the freight papers of {s}: {o}.",
        "Our carpenter built a shelf that holds {s} and its {o}.",
        "{o}, that is all you lift if you take {s} upstairs.",
        "{s}を運ぶ人は{o}を持ち上げることになります。",
        "택배로 보낼 때 {s}의 무게는 {o}로 계산됩니다.",
    ),
    "warranty": (
        "Should {s} let you down in the first {o}, the workshop will not send a bill.",
        "Legal has extended cover for {s}; it is {o} as of this week.",
        "{o} of guarantee are printed on the box of {s}.",
        "How long do we stand by {s}? For {o}, counted from the invoice.",
        "{s}をお買い上げの方は{o}のあいだ安心してお使いいただけます。",
        "{s}는 구입한 날부터 {o} 동안 무상 수리를 받습니다.",
    ),
    "price": (
        "Have {o} ready if you would like to take {s} home.",
        "Sticker on the shelf next to {s}: {o}.",
        "In the sale {s} drops to {o}, tax included.",
        "Nobody should be charged more than {o} when they purchase {s}.",
        "{s}のご購入には{o}をご用意ください。",
        "할인 행사 때 {s}는 {o}까지 내려갑니다.",
    ),
    "colour": (
        "Designers settled on {o} for {s} after a long debate.",
        "You cannot miss {s} on the stand because everything about it is {o}.",
        "Finish of {s} (see swatch): {o}.",
        "Whoever wants {s} has to live with {o}.",
        "{s}の外側は{o}一色です。",
        "이번에 나온 {s}의 겉면은 {o}입니다.",
    ),
    "spare part": (
        "When {s} comes back to the workshop, the first thing we swap is {o}.",
        "Technicians on the road should carry {o} for {s}.",
        "{s} will not start again until {o} has been replaced.",
        "Part to order for {s} - {o}.",
        "{s}の修理依頼が来たら{o}を取り寄せてください。",
        "{s} 수리에는 언제나 {o}를 준비해 주세요.",
    ),
    "manufacturing site": (
        "Every single {s} starts its life in {o}.",
        "The line that turns out {s} was moved to {o} during spring.",
        "Shipping {s} from {o}, where it is made, takes two days.",
        "Origin on the customs form of {s}: {o}.",
        "{s}はすべて{o}から出荷されますが、そこで作っているからです。",
        "{s}의 생산 라인은 {o}에 있습니다.",
    ),
    "responsible engineer": (
        "If something goes wrong with {s}, {o} is the one to ring.",
        "{o} has been put in charge of {s} until further notice.",
        "Drawings of {s} may only be changed by {o}.",
        "Technical contact, {s}: {o}.",
        "{s}の技術的なご質問は{o}までお寄せください。",
        "{s}에 문제가 생기면 {o}에게 연락하세요.",
    ),
    "stock bay": (
        "The pickers will find {s} if they walk to {o}.",
        "{s} has been lying around in {o} since the stocktaking.",
        "Storage: {s} goes to {o}.",
        "Do not look upstairs, {s} is now down in {o}.",
        "{s}が必要なときは{o}を見てください。",
        "창고에서 {s}를 찾으려면 {o}로 가세요.",
    ),
    "extension": (
        "In urgent cases {s} picks up when you try {o}.",
        "{s} moved desks but kept {o}.",
        "Phone list: {s}, {o}.",
        "Type {o} into the phone and {s} will answer.",
        "{s}への電話は{o}におかけください。",
        "{s}와 통화하고 싶으면 {o}를 누르세요.",
    ),
    "manager": (
        "Since spring the whole {s} site has been listening to {o}.",
        "Please have it signed by {o}, who runs {s}.",
        "{o} was promoted and now stands at the head of {s}.",
        "Site lead {s}: {o}.",
        "{s}の工場は今月から{o}が取り仕切っています。",
        "{s} 공장의 책임은 {o}에게 있습니다.",
    ),
    "period": (
        "Customers who refer to the {s} should come back no later than {o} after the purchase.",
        "Once {o} are over, nobody can rely on the {s}.",
        "{s} (time allowed): {o}.",
        "Our lawyers shortened the {s} so that it is just {o} now.",
        "{s}を利用できるのは{o}のあいだだけです。",
        "{s}는 {o}이 지나면 적용되지 않습니다.",
    ),
}
