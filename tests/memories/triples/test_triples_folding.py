"""Names that are written in different ways and mean the same, and names that look alike and do not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from addenda.memories.triples.folding import PARTICLE_FACTOR, fold, readings
from addenda.memories.triples.variants import CLASSES, representatives
from addenda.text import normalised


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Norda 12", "ＮＯＲＤＡ－１２"),
        ("Mac Book", "MacBook"),
        ("O'Neill", "O\u2019Neill"),
        ("Zürich", "Zurich"),
        ("Straße", "strasse"),
        ("Łódź", "Lodz"),
        ("1,000 kg", "1000 kg"),
        ("Part II", "part ii."),
        ("コンピューター", "コンピュータ"),
        ("ﾉﾙﾀﾞ工場", "ノルダ工場"),
        ("のるだ", "ノルダ"),
        ("ヴァイオリン", "バイオリン"),
        ("キャノン", "キヤノン"),
        ("霞ヶ関", "霞ケ関"),
        ("佐々木", "佐佐木"),
        ("渡邊", "渡辺"),
        ("齋藤", "斎藤"),
        ("第二工場", "第2工場"),
        ("二〇二六年", "2026年"),
        ("臺灣大學", "台湾大学"),
        ("广东", "廣東"),
        ("ヨーロッパ・センター", "ヨーロッパセンター"),
        ("삼성 전자", "삼성전자"),
        ("\u1109\u1161\u11b7\u1109\u1165\u11bc", "삼성"),
        ("٢٠٢٦", "2026"),
    ],
)
def test_ways_of_writing_fold_alike(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Norda 12", "Norda 13"),
        ("Norda 12", "Norda"),
        ("Norda 007", "Norda 7"),
        ("1.5", "1-5"),
        ("12 and 13", "13 and 12"),
        ("World War I", "World War II"),
        ("Elizabeth II", "Elizabeth III"),
        ("Model A", "Model B"),
        ("Norda 12b", "Norda 12c"),
        ("モデルＡ", "モデルＢ"),
        ("第二工場", "第三工場"),
        ("第十二工場", "第二十工場"),
    ],
)
def test_numbers_tell_names_apart(one: str, other: str) -> None:
    assert fold(one).digits != fold(other).digits


@pytest.mark.parametrize(
    ("one", "other"), [("Norda's", "Nordas"), ("J. Smith", "Smith"), ("a dog", "the dog"), ("工k場", "工場")]
)
def test_other_single_letters_do_not(one: str, other: str) -> None:
    assert fold(one).digits == fold(other).digits


@pytest.mark.parametrize(("one", "other"), [("十二", "12"), ("三百五", "305"), ("World War XII", "World War 12")])
def test_numbers_count_whatever_they_are_written_in(one: str, other: str) -> None:
    assert fold(one).digits == fold(other).digits


@pytest.mark.parametrize(("one", "other"), [("C++", "C#"), ("C++", "C"), ("か", "が"), ("は", "ぱ"), ("사", "자")])
def test_what_matters_is_kept(one: str, other: str) -> None:
    assert fold(one).text != fold(other).text


def test_one_wrong_hangul_letter_is_one_difference() -> None:
    one, other = fold("컴퓨터").text, fold("콤퓨터").text
    assert len(one) == len(other) > 3
    assert sum(a != b for a, b in zip(one, other, strict=True)) == 1


@pytest.mark.parametrize(
    ("query", "name", "particles"),
    [
        ("ノルダ12は", "ノルダ12", 1),
        ("東京駅には", "東京駅", 2),
        ("삼성전자의", "삼성전자", 1),
        ("삼성전자에서", "삼성전자", 1),
        ("北京大学的", "北京大学", 1),
        ("Norda 12 の", "Norda 12", 1),
    ],
)
def test_a_query_is_also_read_without_its_particles(query: str, name: str, particles: int) -> None:
    found = {reading.folded: reading.factor for reading in readings(query)}
    assert found[fold(query)] == 1.0
    assert found[fold(name)] == pytest.approx(PARTICLE_FACTOR**particles)


def test_a_particle_alone_stays_what_it_is() -> None:
    assert [reading.folded.text for reading in readings("の")] == [fold("の").text]


@given(st.text())
def test_folding_depends_on_the_normal_form_alone(text: str) -> None:
    assert fold(text) == fold(normalised(text))
    assert bool(fold(text).text) == bool(normalised(text))


def test_no_character_has_two_representatives() -> None:
    characters = [character for word in CLASSES.split() for character in word]
    assert len(characters) == len(set(characters))
    assert not set(representatives()) & set(representatives().values())
