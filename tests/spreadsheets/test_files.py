"""Files that are not what they seem, or made to do harm: a clear message, and nothing is exhausted."""

from __future__ import annotations

import os
import struct
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from addenda.errors import InvalidInput, UnreadableFile
from addenda.spreadsheets import Limits, read_rows
from tests.spreadsheets.making import HEADER, facts, make_csv, make_xlsx, only_problem, rewrite, with_shared_strings

GOOD = ("Good", "weight", "1 kg")
TEXT = "Product,Attribute,New value\nGood,weight,1 kg\n"
SHEET = "xl/worksheets/sheet1.xml"


def refusal(path: Path, limits: Limits | None = None) -> str:
    """The message with which a file is refused; it always says what to do."""
    with pytest.raises(UnreadableFile) as caught:
        read_rows(path, limits)
    message = str(caught.value)
    assert repr(str(path)) in message
    assert message.rpartition(". ")[2], "the message ends with what to do"
    return message


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    assert "there is no such file" in refusal(tmp_path / "absent.xlsx")
    assert "it is a folder" in refusal(tmp_path)
    assert issubclass(UnreadableFile, InvalidInput)


@pytest.mark.skipif(os.geteuid() == 0, reason="the administrator may read everything")
def test_a_file_that_may_not_be_read_is_named(tmp_path: Path) -> None:
    path = make_csv(tmp_path, TEXT)
    path.chmod(0)
    assert "the system refuses" in refusal(path)


@pytest.mark.parametrize(
    ("name", "content", "seems"),
    [
        ("a.xlsx", b"", "it is empty"),
        ("a.xlsx", b"%PDF-1.7\n", "a PDF document"),
        ("a.xlsx", b"\x89PNG\r\n\x1a\n", "a PNG picture"),
        ("a.xlsx", b"<html><table><tr><td>Product", "a web page"),
        ("a.xls", b"\xef\xbb\xbf <!DOCTYPE html><table>", "a web page"),
        ("a.xlsx", b"<?xml version='1.0'?><Workbook/>", "an XML document"),
        ("a.xlsx", b"Product,Attribute\n", "plain text"),
        ("a.xlsx", b"\x00\x01\x02\x03", "a damaged or foreign file"),
        ("a.csv", b"\x1f\x8b\x08\x00", "a gzip archive"),
        ("a.ods", b"something", "files ending in '.ods'"),
        ("a.xls", bytes.fromhex("d0cf11e0a1b11ae1") + "Workbook".encode("utf-16-le"), "old xls format"),
        ("a.xlsx", bytes.fromhex("d0cf11e0a1b11ae1") + "EncryptedPackage".encode("utf-16-le"), "password-protected"),
        ("a.doc", bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 99, "an old Microsoft Office document"),
        ("a.xlsx", b"PK\x03\x04 and nothing else", "the archive is damaged"),
    ],
)
def test_the_message_says_what_a_file_seems_to_be(tmp_path: Path, name: str, content: bytes, seems: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    assert seems in refusal(path)


@pytest.mark.parametrize(
    ("part", "seems"),
    [("word/document.xml", "a Word document"), ("ppt/a.xml", "a PowerPoint"), ("a.txt", "a zip archive")],
)
def test_another_kind_of_archive_is_named(tmp_path: Path, part: str, seems: str) -> None:
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(part, "x")
    assert seems in refusal(path)


def test_every_truncation_of_a_workbook_is_refused_or_read(tmp_path: Path) -> None:
    data = make_xlsx(tmp_path, [GOOD]).read_bytes()
    path = tmp_path / "cut.xlsx"
    for length in range(1, len(data), 97):
        path.write_bytes(data[:length])
        refusal(path)


def test_a_flipped_byte_in_a_part_is_found(tmp_path: Path) -> None:
    path = make_xlsx(tmp_path, [GOOD] * 50)
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        entry = archive.getinfo(SHEET)
    data[entry.header_offset + 30 + len(SHEET) + entry.compress_size // 2] ^= 0xFF
    path.write_bytes(bytes(data))
    assert SHEET in refusal(path)


@pytest.mark.parametrize(
    "xml",
    [
        b"<worksheet><sheetData><row r='x'/></sheetData></worksheet>",
        b"<worksheet><sheetData><row><c r='1A'><v>1</v></c></row></sheetData></worksheet>",
        b"<worksheet><sheetData><row><c t='s'><v>7</v></c></row></sheetData></worksheet>",
        b"<worksheet><sheetData><row><c><v>one</v></c></row></sheetData></worksheet>",
        b"<worksheet><sheetData><row>",
        b"<worksheet><mergeCells><mergeCell ref='A'/></mergeCells></worksheet>",
        b"<worksheet><mergeCells><mergeCell/></mergeCells></worksheet>",
        b"",
        b"<a>" * 100 + b"</a>" * 100,
    ],
)
def test_a_malformed_sheet_is_refused(tmp_path: Path, xml: bytes) -> None:
    path = rewrite(make_xlsx(tmp_path, [GOOD]), SHEET, lambda _: xml)
    assert f"its part {SHEET!r} is damaged" in refusal(path)


@pytest.mark.parametrize("part", ["xl/workbook.xml", SHEET, "xl/styles.xml", "xl/sharedStrings.xml", "_rels/.rels"])
@pytest.mark.parametrize(
    "declaration",
    [
        b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>',
        b'<!DOCTYPE x SYSTEM "file:///etc/passwd">',
        b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>',
    ],
)
def test_entities_are_refused_in_every_part_that_is_read(tmp_path: Path, part: str, declaration: bytes) -> None:
    path = with_shared_strings(make_xlsx(tmp_path, []), "<si><t>x</t></si>", "")

    def declare(data: bytes) -> bytes:
        start = data.index(b"?>") + 2 if data.startswith(b"<?xml") else 0
        return data[:start] + declaration + data[start:]

    assert "document type declaration" in refusal(rewrite(path, part, declare))


def test_a_bomb_is_refused_by_its_declared_size(tmp_path: Path) -> None:
    path = make_xlsx(tmp_path, [GOOD])
    with (
        zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED, compresslevel=9) as archive,
        archive.open("xl/media/a.bin", "w") as part,
    ):
        for _ in range(200):
            part.write(b"\0" * 1_000_000)
    assert path.stat().st_size < 1_000_000
    assert "it unpacks to 200,0" in refusal(path)


def test_a_bomb_that_lies_about_its_size_is_refused_while_it_is_unpacked(tmp_path: Path) -> None:
    path = make_xlsx(tmp_path, [])
    rewrite(path, SHEET, lambda _: b"<worksheet>" + b" " * 3_000_000 + b"</worksheet>")
    data = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        size = archive.getinfo(SHEET).file_size
    path.write_bytes(data.replace(struct.pack("<L", size), struct.pack("<L", 1000)))
    assert f"its part {SHEET!r} is damaged" in refusal(path, Limits(unpacked_bytes=1_000_000))


def test_too_many_parts_sheets_and_bytes_are_refused(tmp_path: Path) -> None:
    path = make_xlsx(tmp_path, [GOOD], lambda sheet: sheet.parent.create_sheet("Two") and None)
    assert "parts, and 3 are allowed" in refusal(path, Limits(parts=3))
    assert "it has 2 sheets" in refusal(path, Limits(sheets=1))
    assert "bytes, and 100 are allowed" in refusal(path, Limits(file_bytes=100))


def test_two_parts_of_one_name_are_refused(tmp_path: Path) -> None:
    path = make_xlsx(tmp_path, [GOOD])
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr(SHEET, "<worksheet/>")
    assert "two parts have the same name" in refusal(path)


def test_an_archive_with_a_password_is_refused(tmp_path: Path) -> None:
    path = make_xlsx(tmp_path, [GOOD])
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(bytes(data))
    assert "protected with a password" in refusal(path)


def test_a_link_to_another_file_is_not_followed(tmp_path: Path) -> None:
    path = make_xlsx(tmp_path, [GOOD])
    rewrite(
        path,
        "xl/_rels/workbook.xml.rels",
        lambda data: data.replace(b'Target="/xl/worksheets', b'TargetMode="External" Target="/xl/worksheets'),
    )
    assert read_rows(path).rows == ()


@pytest.mark.parametrize(
    ("encoding", "subject"),
    [
        ("utf-8", "Gerät"),
        ("utf-8-sig", "製品"),
        ("utf-16", "제품"),
        ("utf-16-le", "Product 製品"),
        ("utf-16-be", "Gerät"),
    ],
)
def test_unicode_encodings_are_told_without_doubt(tmp_path: Path, encoding: str, subject: str) -> None:
    text = f"Product,Attribute,New value\n{subject},weight,1 kg\n"
    sheet = read_rows(make_csv(tmp_path, text, encoding))
    assert facts(sheet) == [(subject, "weight", "1 kg")]
    assert sheet.problems == ()


@pytest.mark.parametrize(
    ("encoding", "subject", "value"),
    [
        ("cp932", "洗濯機ベルモア", "カタログの静かな値"),
        ("cp949", "세탁기 벨모어", "사십일 데시벨"),
        ("cp1252", "Spülmaschine", "Geräusch: größer"),
    ],
)
def test_older_encodings_are_told_by_their_text_and_flagged(
    tmp_path: Path, encoding: str, subject: str, value: str
) -> None:
    path = make_csv(tmp_path, f"Product,Attribute,New value\n{subject},weight,{value}\n", encoding)
    sheet = read_rows(path)
    assert facts(sheet) == [(subject, "weight", value)]
    problem = only_problem(sheet)
    assert problem.severity == "flagged"
    assert f"read as {encoding}" in problem.what
    assert read_rows(path, encoding=encoding).problems == ()


def test_an_ambiguous_encoding_names_what_else_fits(tmp_path: Path) -> None:
    path = make_csv(tmp_path, TEXT + "Gerät,weight,2 kg\n", "cp1252")
    problem = only_problem(read_rows(path))
    assert "read as cp1252; cp932 would fit too" in problem.what
    assert "CSV UTF-8" in problem.fix


def test_a_wrong_or_unknown_encoding_is_refused(tmp_path: Path) -> None:
    path = make_csv(tmp_path, TEXT + "洗濯機,weight,2 kg\n", "cp932")
    for encoding in ("utf-8", "klingon"):
        with pytest.raises(UnreadableFile, match="its characters are not"):
            read_rows(path, encoding=encoding)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"Product\x00\xff\x01,\x00\x00\x00\x93\xff")
    assert "zero bytes" in refusal(path)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_is_found(tmp_path: Path, delimiter: str) -> None:
    value = "1,5 kg; dry" if delimiter == "\t" else "1.5 kg"
    lines = [delimiter.join(HEADER), delimiter.join(("Good", "weight", value)), delimiter.join(("B", "w", "3"))]
    sheet = read_rows(make_csv(tmp_path, "\r\n".join(lines) + "\r\n"))
    assert facts(sheet) == [("Good", "weight", value), ("B", "w", "3")]


def test_a_decimal_comma_does_not_hide_the_semicolon(tmp_path: Path) -> None:
    text = "Product;Attribute;New value\nA;weight;1,5 kg\nB;weight;2,5 kg\n"
    assert facts(read_rows(make_csv(tmp_path, text))) == [("A", "weight", "1,5 kg"), ("B", "weight", "2,5 kg")]


def test_a_line_that_names_the_delimiter_is_obeyed(tmp_path: Path) -> None:
    sheet = read_rows(make_csv(tmp_path, "sep=|\nProduct|Attribute|New value\nGood|weight|1 kg\n"))
    assert facts(sheet) == [GOOD]
    assert sheet.rows[0].address == "C3"


def test_quoted_cells_may_hold_delimiters_quotes_and_lines(tmp_path: Path) -> None:
    text = 'Title,Text\nManual,"One, ""two""\nthree"\n'
    assert read_rows(make_csv(tmp_path, text)).rows[0].value == 'One, "two"\nthree'


def test_a_csv_beyond_the_limits_is_refused(tmp_path: Path) -> None:
    assert "more than 1 rows" in refusal(make_csv(tmp_path, TEXT), Limits(rows=1))
    assert "no well-formed csv" in refusal(make_csv(tmp_path, "Product,Attribute,New value\nA,b," + "x" * 140_000))


@settings(max_examples=60)
@given(
    part=st.sampled_from(
        ["[Content_Types].xml", "_rels/.rels", "xl/workbook.xml", "xl/_rels/workbook.xml.rels", SHEET, "xl/styles.xml"]
    ),
    places=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=6),
)
def test_a_damaged_part_is_refused_or_read_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, part: str, places: list[tuple[float, int]]
) -> None:
    def damage(data: bytes) -> bytes:
        damaged = bytearray(data)
        for place, byte in places:
            damaged[int(place * len(damaged))] = byte
        return bytes(damaged)

    path = rewrite(make_xlsx(tmp_path_factory.mktemp("damaged"), [GOOD, ("A", "price", 9.5)]), part, damage)
    try:
        sheet = read_rows(path)
    except UnreadableFile:
        return
    assert len(sheet.rows) <= 2


@settings(max_examples=60)
@given(content=st.binary(min_size=1, max_size=200), suffix=st.sampled_from([".csv", ".xlsx", ".txt", ".xls"]))
def test_any_bytes_are_refused_or_read_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, suffix: str
) -> None:
    path = tmp_path_factory.mktemp("bytes") / f"a{suffix}"
    path.write_bytes(content)
    try:
        sheet = read_rows(path)
    except UnreadableFile:
        return
    assert sheet.rows == ()
