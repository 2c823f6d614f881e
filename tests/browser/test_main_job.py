"""The main job: last night's alerts are on the board; one is worked to its dismissal and audited."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
NOTE = "电话核实：国庆期间为其弟办婚宴，已看请柬。"


def test_an_alert_is_worked_to_dismissal_and_the_auditor_sees_it(site, visit):
    page = visit("lz-neiguan")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.goto("/alerts/?grade=黄&grade=蓝&state=pushed")
    row = page.locator("a[href^='/alerts/YJ-']").first
    row.click()

    code = page.url.rstrip("/").rpartition("/")[2]
    expect(page.get_by_role("heading", name="为什么预警")).to_be_visible()
    sentence = page.locator("ol.why li").first.inner_text()
    assert re.search(r"\d", sentence)
    page.get_by_role("button", name="领取").click()
    expect(page.get_by_text("已领取").first).to_be_visible()

    page.get_by_role("link", name="排除").click()
    page.get_by_role("button", name=re.compile("排除")).click()
    assert "/dismiss/" in page.url  # nothing chosen, nothing done
    page.locator("input[name=causes]").first.check()
    page.fill("[name=note]", NOTE)
    page.get_by_role("button", name=re.compile("排除")).click()
    page.wait_for_url(re.compile(r"/alerts/"))
    page.goto(f"/alerts/{code}/")
    expect(page.get_by_text("无效").first).to_be_visible()
    expect(page.get_by_text(NOTE).first).to_be_visible()

    auditor = visit("shenji")
    auditor.goto(f"/audit/?q={code}")
    for what in ("领取预警", "排除预警"):
        expect(auditor.locator("tr", has_text=code).filter(has_text=what).first).to_be_visible()
    assert auditor.goto(f"/alerts/{code}/").status == 404

    stranger = visit("px-neiguan")
    assert stranger.goto(f"/alerts/{code}/").status == 404
    colleague = visit("lz-neiguan2")
    assert colleague.goto(f"/alerts/{code}/").status == 200


def test_the_board_shows_last_night_and_leads_to_the_alerts(site, visit):
    page = visit("lz-neiguan")

    figures = page.locator(".kpis .kpi")
    assert figures.count() == 4
    total = sum(int(re.findall(r"\d+", text)[0]) for text in figures.all_inner_texts())
    assert total > 0
    page.goto("/alerts/?view=open")
    assert re.search(rf"共\s*{total}\s*条", page.locator("main").inner_text())


def test_a_file_uploaded_by_the_data_clerk_is_imported_by_the_worker(site, visit, tmp_path):
    file = tmp_path / "市场检查.csv"
    file.write_bytes("客户编码,检查日期,是否营业\nNOBODY,2026-02-30,是\n".encode("gb18030"))
    page = visit("lz-shuju")
    page.goto("/imports/")
    page.set_input_files("input[type=file]", str(file))
    page.get_by_role("button", name=re.compile("上传|导入")).click()

    expect(page.get_by_text("市场检查.csv").first).to_be_visible()
    expect(page.get_by_text("已导入").first).to_be_visible(timeout=30_000)
    page.get_by_role("link", name=re.compile("市场检查.csv")).first.click()
    expect(page.get_by_text("2026-02-30").first).to_be_visible()


@pytest.mark.parametrize(
    "username",
    [
        "lz-neiguan", "lz-guzhang", "lz-fenguan", "lz-shuju", "lz-yingxiao", "lz-zhuanmai",
        "lz-wuliu", "cz-neiguan", "cz-kezhang", "cz-fenguan", "gx-viewer", "jijian", "shenji", "admin",
        "px-neiguan",
    ],
)  # fmt: skip
def test_every_page_of_the_navigation_opens_for_whoever_has_it(site, visit, username):
    page = visit(username)
    links = page.locator("nav a[href^='/']").evaluate_all("all => all.map(a => a.pathname)")
    assert links
    for link in dict.fromkeys(links):
        assert page.goto(link).status == 200, link
