"""How the pages look and behave in a real browser: desktop, dark, phone; keys, ticks, dialogs, paper."""

import re
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
LOOKS: dict[str, dict[str, Any]] = {"desktop": {}, "dark": {"color_scheme": "dark"}, "phone": PHONE}
PAGES = {
    "lz-neiguan": [
        "/", "/alerts/", "/alerts/?grade=红&grade=橙", "/alerts/?q=nobody", "/hits/", "/runs/",
        "/inspections/", "/retailers/", "/seizures/", "/seizures/register/", "/imports/", "/calendar/",
        "/notices/", "/password/", "/alerts/new/", "/exemptions/", "/events/", "/groups/", "/samples/",
        "/supervision/", "/supervision/tasks/", "/catalogue/",
    ],
    "cz-neiguan": [
        "/", "/rules/", "/rules/tests/", "/lessons/", "/floods/", "/samples/", "/exemptions/",
        "/supervision/", "/supervision/policy/", "/groups/", "/catalogue/", "/events/",
    ],
    "lz-shuju": ["/imports/", "/profile/"],
    "shenji": ["/audit/", "/health/"],
    "admin": ["/users/", "/users/lz-neiguan/"],
}  # fmt: skip
FIRST_ALERT = "a[href^='/alerts/YJ-']"


def check(page: Page) -> None:
    """Nothing cut off at the side, and no WCAG fault that axe knows."""
    beyond = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert beyond <= 0, f"{page.url} is {beyond} px too wide"
    found = Axe().run(page)
    assert found.violations_count == 0, f"{page.url}\n{found.generate_report()}"


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("username", PAGES)
def test_pages_are_whole_and_accessible(visit, username, look):
    page = visit(username, **LOOKS[look])

    for path in PAGES[username]:
        page.goto(path)
        expect(page.get_by_role("heading", level=1)).to_have_count(1)
        check(page)


@pytest.mark.parametrize("look", LOOKS)
def test_an_alert_and_its_shop_are_whole_and_accessible(visit, look):
    page = visit("lz-neiguan", **LOOKS[look])
    page.goto("/alerts/?view=all")
    page.locator(FIRST_ALERT).first.click()
    page.wait_for_url(re.compile("/alerts/YJ-"))
    expect(page.get_by_role("heading", name="为什么预警")).to_be_visible()
    check(page)

    page.get_by_role("link", name="零售户档案").click()
    page.wait_for_url(re.compile("/retailers/"))
    expect(page.locator(".chart svg").first).to_be_visible()
    check(page)


@pytest.mark.parametrize("look", LOOKS)
def test_the_log_in_page_is_whole_and_accessible(site, browser, look):
    context = browser.new_context(base_url=site.address, **LOOKS[look])
    page = context.new_page()
    page.goto("/login/")

    check(page)
    context.close()


def test_the_theme_is_remembered_and_charts_follow_it(visit):
    page = visit("lz-neiguan")
    page.goto("/alerts/?view=all")
    page.locator(FIRST_ALERT).first.click()
    chart = page.locator(".chart svg").first
    light = chart.evaluate("svg => svg.innerHTML")

    page.get_by_role("button", name="切换浅色与深色").first.click()
    assert chart.evaluate("svg => svg.innerHTML") != light

    page.reload()
    assert page.locator("html").get_attribute("data-bs-theme") == "dark"


def test_a_printed_chart_can_shrink_to_the_paper(visit):
    page = visit("lz-neiguan")
    page.goto("/alerts/?view=all")
    page.locator(FIRST_ALERT).first.click()

    assert re.match(r"0 0 \d+ \d+", page.locator(".chart svg").first.get_attribute("viewBox"))


def test_keys_move_and_tick_and_stay_silent_while_typing(visit):
    page = visit("lz-neiguan")
    page.goto("/alerts/?view=pushed")
    rows = page.locator("[data-row]")
    bar = page.get_by_role("toolbar", name="批量操作")
    expect(bar).to_be_hidden()

    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(rows.first).to_have_class(re.compile(r"\bat\b.*\bsel\b"))
    expect(bar).to_contain_text("已选 1 条")

    page.keyboard.press("/")
    page.keyboard.type("xj")
    assert page.evaluate("document.activeElement.value") == "xj"
    expect(bar).to_contain_text("已选 1 条")

    page.keyboard.press("Escape")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="键盘快捷键")).to_be_visible()


def test_ticks_survive_the_text_box_losing_focus_and_a_filter(visit):
    page = visit("lz-neiguan")
    page.goto("/alerts/?view=pushed")
    first = page.locator("[data-pick]").first
    first.check()
    code = first.get_attribute("value")

    page.locator("#id_q").fill(code)
    page.wait_for_url(re.compile("q=YJ"))
    page.locator("h1").click()

    expect(page.locator("[data-row]")).to_have_count(1)
    expect(page.locator("[data-pick]")).to_be_checked()
    assert "view=pushed" in page.url


def test_giving_an_alert_back_asks_first(visit):
    page = visit("lz-neiguan")
    page.goto("/alerts/?view=pushed&grade=黄&grade=蓝&grade=橙")
    page.locator(FIRST_ALERT).last.click()
    page.get_by_role("button", name="领取").click()
    expect(page.get_by_text("已领取").first).to_be_visible()

    page.get_by_role("button", name="退回").click()
    dialog = page.get_by_role("dialog", name="请再看一遍")
    dialog.get_by_role("button", name="取消").click()
    expect(page.get_by_text("已领取").first).to_be_visible()
    page.get_by_role("button", name="退回").click()
    dialog.get_by_role("button", name="退回").click()

    expect(page.get_by_role("button", name="领取")).to_be_visible()
    expect(page.locator("#toasts")).to_contain_text("已退回")
