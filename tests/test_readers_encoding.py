"""How texts are encoded: as the file says, or as its words make sense."""

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carbon_sink.readers.encoding import (
    Encoding,
    codec_of,
    codec_of_driver,
    encoding_of_file,
    find_encoding,
)
from carbon_sink.tables import read_data

CHINESE = ["黑龙江省", "荣隆镇", "马尾松", "国有林场", "备注：无", "岚峰林场", "洗布潭", "小班"]
FOREIGN = {
    "EUC-JP": ["東京都", "神奈川県横浜市", "国有林", "北海道", "人工林", "天然林", "京都府"],
    "SHIFT_JIS": ["東京都", "神奈川県横浜市", "国有林", "北海道", "人工林", "ひたちなか市"],
    "EUC-KR": ["서울특별시", "소나무림", "활엽수림", "강원도", "부산광역시", "산림", "면적"],
    "BIG5": ["臺灣", "國語", "花蓮縣", "二葉松", "相思樹", "臺北市", "高雄市"],
    "CP1252": ["Peçeña México", "Forêt", "Châtaignier", "Wälder", "größe"],
    "CP1251": ["Кириллица", "Смешанный 12345", "сосна", "площадь"],
}


def raw(words, codec):
    return [[word.encode(codec) for word in words]]


def outcome(batches, **options):
    """The encoding, and the codes of what is told."""
    encoding, problems = find_encoding(batches, **options)
    return encoding, [problem.code for problem in problems]


def test_chinese_texts_without_a_word_about_their_encoding_are_read_and_told():
    encoding, problems = find_encoding(raw(CHINESE, "gbk"), file="a.dbf")
    assert encoding == Encoding("GB18030", "words")
    assert [(one.code, one.severity) for one in problems] == [("encoding_found", "repair")]
    assert any(word in problems[0].text() for word in CHINESE)
    assert outcome(raw(CHINESE, "utf-8")) == (Encoding("UTF-8", "utf8"), [])


@pytest.mark.parametrize("codec", FOREIGN)
def test_texts_of_others_are_never_taken_for_chinese_with_certainty(codec):
    for words in (FOREIGN[codec], *([word] for word in FOREIGN[codec])):
        encoding, problems = find_encoding(raw(words, codec))
        assert not encoding.sure, words
        assert [(one.code, one.severity) for one in problems] == [("encoding_doubtful", "warn")]
        # what the texts really are stands among the readings that are offered
        assert words[0] in problems[0].rule or codec == "CP1251", problems[0].rule


def test_what_the_file_says_counts():
    for codec, words in FOREIGN.items():
        assert outcome(raw(words, codec), declared=codec) == (Encoding(codec, "declared"), [])
    assert outcome(raw(CHINESE, "gbk"), declared="GB18030")[1] == []
    # traditional characters, and two that make no word of the field
    assert outcome(raw(["鄉鎮"], "big5"), declared="BIG5")[0].codec == "BIG5"
    assert outcome(raw(["双河"], "gbk"), declared="GB18030")[0].sure


def test_ascii_needs_no_encoding():
    assert outcome([[b"0111", b"pine"], []]) == (Encoding("UTF-8", "ascii"), [])
    assert outcome([[b"0111"]], declared="GB18030")[0] == Encoding("GB18030", "ascii")


def test_a_file_that_says_something_else_than_its_texts_is_contradicted():
    for declared, real in (("UTF-8", "gbk"), ("CP1252", "gbk"), ("GB18030", "utf-8"),
                           ("BIG5", "gbk")):  # fmt: skip
        encoding, codes = outcome(raw(CHINESE, real), declared=declared)
        assert encoding.codec == {"gbk": "GB18030", "utf-8": "UTF-8"}[real]
        assert codes == ["encoding_contradicted"]


def test_texts_that_cannot_be_decoded_as_the_file_or_the_user_says_are_refused():
    for options in (
        {"declared": "UTF-8"},
        {"given": "utf8"},
        {"given": "UTF-8", "declared": "BIG5"},
    ):
        encoding, problems = find_encoding(raw(FOREIGN["BIG5"], "big5"), **options)
        if options.get("declared") == "BIG5":
            assert problems[0].code == "encoding_wrong"
        assert not encoding.sure
        assert problems[0].severity == "refuse"
        assert "BIG5：" in problems[0].rule


def test_what_the_user_says_counts_most():
    batch = raw(FOREIGN["BIG5"], "big5")
    assert outcome(batch, given="big5", declared="UTF-8") == (Encoding("BIG5", "given"), [])
    # GBK reads all bytes of GB2312 as words, and still the user may mean another
    assert outcome(raw(CHINESE[:1], "gbk"), given="latin-1")[0].codec == "ISO8859-1"
    assert outcome(batch, given="klingon")[1] == ["encoding_name"]


def test_a_text_cut_in_the_last_character_of_a_full_cell_is_still_a_text():
    cut = "马尾松林地".encode("gbk")[:9]
    assert outcome([[cut, *raw(CHINESE, "gbk")[0]]], padded=True)[0].codec == "GB18030"
    assert not outcome([[cut]])[0].sure


def test_one_damaged_text_among_many_does_not_change_the_encoding():
    many = [f"荣隆镇{number}".encode("gbk") for number in range(200)]
    assert outcome([[*many, b"\xff\xff\xff "]])[0] == Encoding("GB18030", "words")
    assert not outcome([[*many[:20], b"\xff\xff\xff "]])[0].sure


def test_names_and_numbers_of_code_pages_are_known():
    known = {
        "GB18030": ["GBK", "gb2312", "936", "CP936", "ANSI 936", "windows-936", "54936", "ms936"],
        "UTF-8": ["UTF-8", "utf8", "65001", " UTF-8\r\n", "us-ascii"],
        "CP1251": ["Windows-1251", "1251", "cp1251", "ANSI 1251"],
        "BIG5": ["BIG5", "big5"],
        "CP950": ["950"],
        "SHIFT_JIS": ["shift-jis", "SJIS"],
        "ISO8859-1": ["88591", "ISO-8859-1", "8859_1", "ISO88591", "latin1"],
        "EUC-JP": ["EUC-JP", "51932"],
        "CP437": ["OEM 437", "IBM437"],
    }
    for codec, names in known.items():
        assert {codec_of(name) for name in names} == {codec}, names
    for name in ("<!DOCTYPE html>", "", "UTF-16", "utf-7", "rot13", "hex", "klingon", "\0", "9999"):
        assert codec_of(name) == "", name


def test_every_language_driver_stands_for_an_encoding_of_python():
    assert {codecs.lookup(codec).name for codec in read_data("code_pages.csv")["codec"]}
    assert codec_of_driver(0x4D) == codec_of_driver(0x7A) == "GB18030"
    # what ESRI software writes in China as elsewhere: "the code page of this computer"
    assert codec_of_driver(0x57) == codec_of_driver(0) == ""


@given(
    st.lists(st.text("荣昌区林地松柏竹杉abc ", min_size=1), min_size=1),
    st.sampled_from(["gbk", "utf-8"]),
)
def test_chinese_texts_are_never_read_wrongly_with_certainty(words, codec):
    encoding, _ = find_encoding(raw(words, codec))
    read = [cell.decode(encoding.codec, "replace") for cell in raw(words, codec)[0]]
    assert read == words or not encoding.sure


def test_files_of_text_tell_their_encoding_by_a_mark_or_by_their_words(tmp_path):
    path = tmp_path / "a.csv"
    table = "编号,树种\r\n1,马尾松\r\n2,柏木\r\n"
    for codec, found, told in (
        ("utf-8-sig", Encoding("UTF-8-SIG", "mark"), []),
        ("utf-16", Encoding("UTF-16", "mark"), ["encoding_found"]),
        ("utf-8", Encoding("UTF-8", "utf8"), []),
        ("gbk", Encoding("GB18030", "words"), ["encoding_found"]),
    ):
        path.write_bytes(table.encode(codec))
        encoding, problems = encoding_of_file(path)
        assert (encoding, [one.code for one in problems]) == (found, told)
        assert path.read_bytes().decode(encoding.codec) == table
    assert encoding_of_file(path, "gbk")[0].found == "given"


def test_a_large_file_is_read_to_its_end_before_its_encoding_is_told(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"1,pine\n" * 400_000 + "2,马尾松\n".encode("gbk"))
    assert encoding_of_file(path)[0] == Encoding("GB18030", "words")
