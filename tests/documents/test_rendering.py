import io
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from documents import glyphs
from documents.rendering import (
    Closing,
    Facts,
    Heading,
    Pictures,
    Signatures,
    Statement,
    Table,
    Text,
    render,
)
from tests.documents.paper import AT, a_paper, picture, png_of, printed, words

MARKUP = "#set page(fill: red) $x^2$ *粗* _斜_ @引 `码` \\n <标> & [x] {y} \"双\" '单' = 题 - 列 // 注 /* */"
STOCK = Table(
    columns=[("序号", "center"), ("品规", "left"), ("实存", "right")],
    rows=[[str(number), f"真龙（{number}）", f"{number}.5"] for number in range(1, 201)],
    total=["", "合计", "20100"],
    note="单位：条。",
)


def squeezed(text):
    return "".join(text.split())


def test_every_block_is_printed_in_its_order():
    text = printed(
        Heading("一、基本情况"),
        Facts([("店名", "鸿运便利店"), ("事由", "连续两周订购量超出基线" * 5)]),
        Text("第一段。\n第二段。"),
        STOCK,
        Pictures([(picture(), "店面"), (picture("PNG"), "柜台")]),
        Statement("以上记录我已看过。"),
        Signatures([("当事人", picture("PNG"), "11 月 23 日", ""), ("见证人", None, "", "代签")]),
        Heading("（一）附记", level=2),
        Closing("崇左市烟草专卖局\n2026 年 11 月"),
        Table([("列", "left")], [["格"]], title="附表 1"),
        code="SDHC-451423-202611-0007",
        subtitle="（内部专卖管理监督）",
    )

    parts = (
        "编号：SDHC-451423-202611-0007 龙州县烟草专卖局 实地核查记录 （内部专卖管理监督） 一、基本情况 店名 鸿运便利店"
        " 事由 第一段。 第二段。 品规 真龙（200） 合计 单位：条。 店面 柜台 以上记录我已看过。 当事人 11月23日 见证人 代签 （一）附记 崇左市烟草专卖局 2026年11月 附表1 格 （以下空白）"
    )
    places = [text.find(part) for part in parts.split()]
    assert -1 not in places
    assert places == sorted(places)


def test_each_page_says_whose_it_is_and_which():
    paper = a_paper(STOCK, code="X-1", digest="0123456789abcdef" * 4, receipt="9:ab")

    pages = words(render(paper))

    assert len(pages) > 3
    for number, page in enumerate(pages, start=1):
        assert "摘要：0123456789abcdef第" in page
        assert f"第{number}页共{len(pages)}页" in page
        assert "编号：X-1" in page
        assert "存证回执：9:ab" in page


def test_the_head_of_a_table_stands_on_each_of_its_pages():
    assert all("序号品规实存" in page for page in words(render(a_paper(STOCK))))


def test_paper_that_is_signed_page_by_page_has_a_line_on_each():
    signed = a_paper(STOCK, page_signature=True, page_signers=["当事人", "核查人"])

    assert all("当事人（签名）：核查人（签名）：" in page for page in words(render(signed)))
    assert "（签名）" not in printed(STOCK)


def test_a_draft_says_so_on_every_page():
    drafts = words(render(a_paper(STOCK, draft=True)))

    assert all("稿" in page for page in drafts)
    assert "稿" not in printed(STOCK)


def test_a_wide_table_has_sideways_pages_of_its_own():
    wide = Table([("列", "left")] * 17, [["12345.6"] * 17] * 3, wide=True)

    def sideways(*blocks):
        pages = PdfReader(io.BytesIO(render(a_paper(*blocks)))).pages
        return [page.mediabox.width > page.mediabox.height for page in pages]

    assert sideways(Text("前"), wide, Text("后")) == [False, True, False]
    assert sideways(Text("前"), wide) == [False, True]


def test_a_paper_with_a_closing_ends_there():
    assert printed(Text("正文"), Closing("崇左市烟草专卖局")).count("以下空白") == 0


def test_it_is_pdf_a_with_our_fonts_inside():
    pdf = render(a_paper(Text("☑ 是")))

    assert b"<pdfaid:part>2</pdfaid:part><pdfaid:conformance>U</pdfaid:conformance>" in pdf
    fonts = set(re.findall(rb"/BaseFont ?/[A-Z]{6}\+(\w+)", pdf))
    assert fonts == {b"NotoSerifCJKsc", b"DejaVuSans"}
    about = PdfReader(io.BytesIO(pdf)).metadata
    assert about is not None
    assert (about.title, about.author) == ("实地核查记录", "龙州县烟草专卖局")
    assert about.creation_date == AT


def test_the_same_paper_gives_the_same_bytes():
    def made():
        return render(a_paper(STOCK, Pictures([(picture(), "店面")]), draft=True))

    assert made() == made()


def test_words_are_never_markup():
    text = printed(
        Heading(MARKUP),
        Text(MARKUP),
        Facts([(MARKUP, MARKUP)]),
        Table([(MARKUP, "left")], [[MARKUP]], note=MARKUP),
        Pictures([(picture(), MARKUP)]),
        Statement(MARKUP),
        Signatures([(MARKUP, None, MARKUP, MARKUP)]),
        title=MARKUP,
        bureau=MARKUP,
    )

    assert text.count(squeezed(MARKUP)) >= 13  # the table's head may stand on two pages


def test_what_the_font_lacks_is_printed_as_its_number_and_explained():
    text = printed(Text("商户𪚥记😀🀄\x00\x07\u202e倒\ue000\ud800"))

    marks = ["2A6A5", "1F004", "0000", "0007", "202E", "E000", "D800"]
    assert text.count("〔U+2A6A5〕") == 2  # in its place and in the note
    assert "字库没有以下字符的字形" in text
    assert "、".join(f"〔U+{mark}〕" for mark in marks) in text
    assert "字库" not in printed(Text("𠮷野家 Nguyễn ☑ ☐ √ × ① ⑳ ㎡ →"))


def test_what_has_no_width_is_left_out_and_accents_join():
    assert "Nguyễn☑。" in printed(Text("Nguye\u0302\u0303n\ufeff \u2611\ufe0f\u200d。"))


def test_very_long_texts_run_over_pages():
    letters, signs = "W" * 10_000, "长" * 10_000

    text = printed(Text(signs), Table([("列", "left")], [[letters]]))

    assert text.count("长") == 10_000
    assert text.count("W") == 10_000


def test_long_runs_can_be_copied_as_they_are():
    assert "ab12" * 16 in printed(Text("ab12" * 16))


@settings(max_examples=40, deadline=None)
@given(st.text(st.characters(codec="utf-8"), max_size=40))
def test_any_text_can_be_printed(text):
    table = Table([(text, "left"), ("数", "right")], [[text, text]], total=[text, ""], note=text)

    printed(Heading(text), Text(text), Facts([(text, text)]), table, Statement(text), code=text)


def test_a_table_without_rows_and_lists_without_items_are_no_fault():
    blocks = Table([("列", "left")], []), Facts([]), Pictures([]), Signatures([]), Text("")

    assert "以下空白" in printed(*blocks)


def test_more_columns_than_fit_are_still_printed():
    assert "9" * 12 in printed(Table([("列", "left")] * 40, [["9" * 12] * 40]))


def test_rows_of_another_length_are_refused():
    with pytest.raises(ValueError, match="3 cells"):
        render(a_paper(Table(STOCK.columns, [["1", "2"]])))


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"nothing",
        picture()[:300],
        picture("GIF"),
        png_of(30_000, 30_000),
        b'<svg><image href="/etc/passwd"/></svg>',
    ],
    ids=["empty", "text", "truncated", "gif", "huge", "svg"],
)
def test_a_broken_picture_is_a_box_that_says_so(broken):
    text = printed(Pictures([(broken, "店面")]), Signatures([("当事人", broken, "", "")]))

    assert text.count("〔图片无法显示〕") == 2
    assert "店面" in text


def test_our_fonts_have_what_chinese_papers_need():
    missing = glyphs._missing()
    rows = range(0xA1, 0xF8)
    national = "".join(
        bytes([row, cell]).decode("gb2312", "ignore") for row in rows for cell in range(0xA1, 0xFF)
    )

    assert missing.findall(national + "☐☑☒√×✓①⑳ⅣⅫ㎡℃‰№→《》〔〕【】￥") == []
    assert missing.findall("".join(map(chr, range(0x3400, 0x4DB6)))) == []
    assert missing.findall("".join(map(chr, range(0x4E00, 0x9FEB)))) == []


def test_the_fonts_really_have_what_they_say():
    """Typst refuses a PDF/A with a glyph that is missing, so that it prints is the proof."""
    codes = sorted({code for font in glyphs.FONTS.glob("*.?tf") for code in glyphs.covered(font)})

    assert len(codes) > 33_000
    render(a_paper(Text("".join(map(chr, codes[::5])))))
