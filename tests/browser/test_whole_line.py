"""One planted story through all four steps: alert, interview, visit, conclusion, report and score."""

import datetime as dt
import io
import re
from zoneinfo import ZoneInfo

import pytest
from PIL import Image
from playwright.sync_api import expect
from pypdf import PdfReader

from sources.sample import county as sample
from tests.platform.conftest import eventually, free_port, status_of

pytestmark = pytest.mark.browser
COUNTY = "450099"
CHINA = ZoneInfo("Asia/Shanghai")
ANSWERS = {  # of the telephone: question -> answer, and what was said
    "received": ("all", ""),
    "taken_by": ("proxy", "弟弟莫建国到店外取走"),
    "ordered_by": ("other", "弟弟莫建国，他说帮我多订一点"),
    "password": ("other", "手机订货，密码弟弟知道"),
    "account": ("other", "弟弟的卡，他先垫付"),
    "bundled": ("no", ""),
    "passed_on": ("yes", "大部分给了弟弟的店"),
    "staff": ("no", ""),
    "paid_for": ("yes", "弟弟付的"),
}
SECTIONS = {  # of the visit: what is chosen, what is written
    "premises": (
        {"shown_certificate": "yes", "present_relation": "self", "licence_shown": "yes",
         "licence_match": "yes", "holder_match": "yes", "address_match": "yes",
         "open_state": "open"},
        {"place": "店内", "present_name": "莫秀英", "biz_type": "便利店", "daily_sales": "1.5"},
    ),
    "stock": (
        {"where": "shop"},
        {"explanation": "当事人称已由其弟运走，无收款凭证。", "codes_note": "店内存烟不足十条，已全部查看。"},
    ),
    "recording": ({"played": "none"}, {}),
    "ordering": (
        {"device": "other", "demo": "no", "password": "other", "knows": "no"},
        {"demo_note": "不会登录", "ordered_by": "其弟莫建国代订"},
    ),
    "receiving": ({"receiver": "other", "full": "yes", "card": "other"}, {}),
    "sign": ({"opinion": "true"}, {}),
}  # fmt: skip
REPORT_TEXT = (
    "本月按要求开展预警处置、电话询访和实地核查，对五户共用付款账户的线索逐户核实并移交。" * 2
)


def pick(page, name, value):
    """Choose an answer that is shown as a button."""
    page.locator(f"input[name='{name}'][value='{value}'] + label").first.click()


def press(page, words):
    """Press a button, agree where the page asks first, and wait for what comes."""
    button = page.get_by_role("button", name=re.compile(words)).first
    asks = button.evaluate("b => Boolean(b.dataset.confirm || (b.form && b.form.dataset.confirm))")
    button.click()
    if asks:
        page.locator("#confirm [data-confirm-go]").click()
    page.wait_for_load_state("networkidle")


def press_at(page, place, words):
    page.goto(place)
    press(page, words)


def draw(page, who):
    """Sign in the box of one of them."""
    form = page.locator(f"#sign-{who} form")
    box = form.locator("canvas")
    box.scroll_into_view_if_needed()
    place = box.bounding_box()
    page.mouse.move(place["x"] + 30, place["y"] + 60)
    page.mouse.down()
    for step in range(1, 8):
        page.mouse.move(place["x"] + 30 + 25 * step, place["y"] + 60 + (-1) ** step * 25)
    page.mouse.up()
    form.locator("[name=agreed]").check()
    form.get_by_role("button", name=re.compile("签字$")).click()
    page.wait_for_load_state("networkidle")
    expect(page.locator(f"#sign-{who} .tag.ok")).to_have_text("已签字")


def picture(colour):
    kept = io.BytesIO()
    Image.new("RGB", (800, 600), colour).save(kept, "JPEG")
    return {"name": "现场.jpg", "mimeType": "image/jpeg", "buffer": kept.getvalue()}


def words_of(page, place):
    """The text of the PDF at an address."""
    answer = page.context.request.get(place)
    assert answer.headers["content-type"] == "application/pdf"
    return "".join(one.extract_text() for one in PdfReader(io.BytesIO(answer.body())).pages)


def on_the_board(page):
    """How many alerts are open, as the board counts them."""
    page.goto("/")
    figures = page.locator(".kpis .kpi").all_inner_texts()
    return sum(int(re.findall(r"\d+", text)[0]) for text in figures)


def on_the_list(page, view):
    """How many alerts a view of the list has."""
    page.goto(f"/alerts/?view={view}")
    found = re.search(r"共\s*(\d+)\s*条", page.locator("main").inner_text())
    return int(found[1]) if found else 0


def claim(page):
    """The red alert of one of the five shops whose orders one stranger pays for."""
    yesterday = dt.datetime.now(CHINA).date() - dt.timedelta(days=1)
    stories = {(one["county"], one["key"]): one for one in sample.truth(yesterday)}
    for shop in stories[COUNTY, "five_licences"]["retailers"]:
        page.goto(f"/alerts/?view=pushed&q={shop}")
        row = page.locator("tr", has_text="红色").locator("a[href^='/alerts/YJ-']")
        if row.count():
            break
    row.first.click()
    page.wait_for_load_state("networkidle")
    press(page, "^领取")
    return page.url.rstrip("/").rpartition("/")[2]


def interview(page, alert):
    page.goto(f"/alerts/{alert}/")
    press(page, "^电话询访")
    code = page.url.rstrip("/").rpartition("/")[2]
    assert not page.locator("[data-ordered]").count()  # no quantities before the own statement
    press(page, "显示号码")
    expect(page.locator("#number")).to_contain_text(re.compile(r"\d{11}"))
    pick(page, "result", "reached")
    page.check("[name=is_callback]")  # at any hour of the day
    page.fill("[name=note]", "店主回电")
    press(page, "登记这次拨打")
    for name, value in (("identity", "shop"), ("relation", "self"), ("told", "yes")):
        pick(page, name, value)
    page.fill("[name=interviewee]", "莫秀英")
    page.fill("[name=stated_qty]", "10")
    page.locator("[name=stated_on]").fill(page.evaluate("new Date().toISOString().slice(0, 10)"))
    page.fill("[name=statement]", "上周订了十条左右，货是弟弟去拿的。")
    press(page, "保存自述")
    press(page, "结束通话")
    press(page, "全部一致")
    for question, (answer, said) in ANSWERS.items():
        pick(page, f"a_{question}", answer)
        if said:
            page.fill(f"[name=a_{question}_text]", said)
    page.fill("[name=a_cause_text]", "弟弟要办酒席")
    pick(page, "credibility", "middle")
    pick(page, "result", "reasonable")
    press(page, "^提交")
    expect(page.get_by_role("alert")).to_contain_text("不符")  # contradictions are not reasonable
    pick(page, "result", "clue")
    press(page, "^提交")
    expect(page.get_by_text("发现违规线索").first).to_be_visible()
    return code


def plan(page, alert, second):
    page.goto(f"/alerts/{alert}/")
    page.get_by_role("link", name="实地核查").last.click()
    chosen = page.locator("select option", has_text=second).first.get_attribute("value")
    page.locator("main select").first.select_option(chosen)
    press(page, "安排核查")
    return page.url.rstrip("/").rpartition("/")[2]


def fill_in(page, code):
    """All sections of the record, in the order of the steps."""
    for key, (choices, texts) in SECTIONS.items():
        page.goto(f"/inspections/{code}/{key}/")
        for name, value in choices.items():
            pick(page, name, value)
        for name, text in texts.items():
            page.fill(f"[name={name}]", text)
        if key == "stock":
            for box in page.locator("input[name$='-counter']").all():
                box.fill("0")
        press(page, "保存意见" if key == "sign" else "^下一步")
    page.goto(f"/inspections/{code}/doubts/")
    for answer in page.locator("input[name$='-finding'][value=unexplained] + label").all():
        answer.click()
    for said in page.locator("textarea[name$='-statement']").all():
        said.fill("当事人称是其弟所为。")
    press(page, "^下一步")


def photograph(page, code):
    page.goto(f"/inspections/{code}/photos/")
    kinds = {
        "front": ("门头招牌", "navy"),
        "licence": ("许可证", "maroon"),
        "counter": ("柜台陈列", "olive"),
    }
    for kind, (title, colour) in kinds.items():
        page.locator("select[name=kind]").select_option(kind)
        page.locator("#choose").set_input_files(picture(colour))
        expect(page.locator("figure", has_text=title)).to_have_count(1, timeout=15_000)


def seal(officer, assistant, code):
    """Both officers and the retailer sign, each officer from their own log-in; then it is final."""
    officer.goto(f"/inspections/{code}/sign/")
    officer.fill("#sign-retailer [name=name]", "莫秀英")
    draw(officer, "retailer")
    draw(officer, "first")
    assistant.goto(f"/inspections/{code}/sign/")
    draw(assistant, "second")
    officer.reload()
    press(officer, "封存")
    expect(officer.get_by_text("已封存").first).to_be_visible()


def conclude(page, alert):
    page.goto(f"/alerts/{alert}/")
    page.get_by_role("link", name="拟定结论").click()
    page.locator("label", has_text="违规查实").click()
    page.locator("summary", has_text="违规情形").click()
    page.locator("label", has_text="大户控制小户").click()
    page.fill("[name=grounds]", "当事人自述与盘点结果一致，付款账户同为一人。")
    page.fill("[name=measures]", "移交专卖部门；建议调减供货并收回代管的账号。")
    press(page, "提交复核")
    return page.url.rstrip("/").rpartition("/")[2]


def sign_off(page, code):
    page.goto("/reviews/")
    page.locator(f"a[href$='/{code}/']").click()
    press(page, "^同意")


def write_report(page, month):
    """All sections and the plan of next month; then it goes to the lead."""
    page.goto(f"/reports/{month}/{COUNTY}/")
    for text in page.locator("main textarea.narr").all():
        text.fill(REPORT_TEXT)
    for name, words in (("matter", "逐户复查"), ("who", "韦明岚"), ("until", "2030-12-20")):
        page.locator(f"[name={name}]").first.fill(words)
    expect(page.get_by_role("button", name=re.compile("^送审$"))).to_be_enabled(timeout=20_000)
    press(page, "^送审")
    expect(page.get_by_text("已送股长审核")).to_be_visible()


def cell(page, row, column):
    """A figure of annex 1."""
    table = page.locator("table", has=page.get_by_role("columnheader", name="上月结转"))
    titles = table.locator("thead th").all_inner_texts()
    return int(
        table.locator("tbody tr", has_text=row)
        .locator("th, td")
        .nth(titles.index(column))
        .inner_text()
    )


@pytest.fixture
def next_month(site):
    """The same copy on the second of next month, when last month's report is handed in."""
    today = dt.datetime.now(CHINA)
    first = (today.replace(day=1) + dt.timedelta(days=32)).replace(day=1)
    port = str(free_port())
    moment = first.replace(hour=9, minute=0, second=0, microsecond=0).isoformat()
    site.copy.start("-m", "tests.browser.later", port, moment, DEBUG="1")
    eventually(lambda: status_of(f"http://127.0.0.1:{port}/login/") == 200)
    return f"http://127.0.0.1:{port}", f"{today:%Y-%m}"


def work_the_case(visit):
    """From the alert to its close: the codes of alert, interview, visit record and report."""
    supervisor, assistant = visit("lz-neiguan"), visit("px-neiguan")
    alert = claim(supervisor)
    talk = interview(supervisor, alert)
    record = plan(supervisor, alert, "屏溪县")  # a neighbour's officer assists
    press_at(visit("lz-guzhang"), f"/inspections/{record}/", "批准核查")
    press_at(supervisor, f"/inspections/{record}/", "开始核查")
    fill_in(supervisor, record)
    photograph(supervisor, record)
    seal(supervisor, assistant, record)
    report = conclude(supervisor, alert)
    for signer in ("lz-guzhang", "lz-fenguan", "cz-neiguan"):
        sign_off(visit(signer), report)
    supervisor.goto(f"/alerts/{alert}/")
    expect(supervisor.get_by_text("已办结").first).to_be_visible()
    return alert, talk, record, report


def hand_in(visit, address, month, *, left, closed):
    """The month's report, with the figures of this one case; through lead and head to the city."""
    place = f"/reports/{month}/{COUNTY}/"
    writer = visit("lz-neiguan", base_url=address)
    write_report(writer, month)
    for row, column, figure in (
        ("合计", "已办结", closed), ("合计", "查实违规", 1), ("红色", "实地核查户次", 1),
        ("红色", "电话询访户次", 1), ("合计", "结转下月", left),
    ):  # fmt: skip
        assert cell(writer, row, column) == figure, (row, column)
    for who, words in (("lz-guzhang", "审核通过"), ("lz-fenguan", "签发"), ("cz-neiguan", "签收")):
        press_at(visit(who, base_url=address), place, words)
    return place


def assess(visit, address, month):
    """The city scores, a second person confirms and publishes; only then the county sees it."""
    place = f"/scores/{month}/{COUNTY}/"
    county, scorer = visit("lz-neiguan", base_url=address), visit("cz-neiguan", base_url=address)
    press_at(scorer, f"/reports/{month}/{COUNTY}/", "开始评分")
    for box in scorer.locator("[name^='item-'][name$='-points']").all():
        box.fill(box.get_attribute("placeholder"))
    press(scorer, "提交确认")
    second = visit("cz-kezhang", base_url=address)
    press_at(second, place, "^确认")
    county.goto(place)
    assert "建议" not in county.locator("main").inner_text()
    press_at(second, place, "公布")
    county.goto(place)
    expect(county.locator("main")).to_contain_text("已公布")
    return place


def test_a_story_walks_the_whole_line(site, visit, next_month):
    address, month = next_month
    alert, talk, record, report = work_the_case(visit)
    paper, supervisor = f"/inspections/{record}/record.pdf", visit("lz-neiguan")
    words = words_of(supervisor, paper)
    for text in ("实地核查记录", "莫秀英", record, "不会登录", "未解释"):
        assert text in words

    left, closed = on_the_list(supervisor, "open"), on_the_list(supervisor, "closed")
    assert on_the_board(supervisor) == left
    monthly = hand_in(visit, address, month, left=left, closed=closed)
    sheet = assess(visit, address, month)

    case = [f"/alerts/{alert}/", f"/interviews/{talk}/", f"/conclusions/{report}/", monthly, sheet]
    form = [f"/inspections/{record}/", paper]
    stranger, assistant = visit("px-neiguan2"), visit("px-neiguan")
    assert {stranger.context.request.get(place).status for place in case + form} == {404}
    assert {assistant.context.request.get(place).status for place in case} == {404}
    assert {assistant.context.request.get(place).status for place in form} == {200}
    verifying = site.copy.start("manage.py", "verify")
    told, _ = verifying.communicate(timeout=120)
    assert verifying.returncode == 0, told
    assert re.search(r"cases\.sealed\s+检查\s+2 项", told)
