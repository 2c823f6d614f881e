"""The whole program as `make run` starts it, on a small sample county, driven by a real Chromium."""

import subprocess
import sys
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, sync_playwright

from neiguan.demo_people import DEMO_PASSWORD
from tests.platform.conftest import ROOT, Copy, free_port

WEEKS, NIGHTS = 20, 14  # enough history for the volume detector; the last two weeks of nights


@dataclass
class Site:
    """A running program: its address, and the files it keeps."""

    address: str
    copy: Copy


@pytest.fixture(scope="session")
def site(tmp_path_factory, chromium):
    """Servers, web, worker and beat under their supervisor, with the demo prepared."""
    copy, port = Copy(tmp_path_factory.mktemp("site") / "var"), str(free_port())
    words = ["manage.py", "demo", "--weeks", str(WEEKS), "--nights", str(NIGHTS)]
    subprocess.run([sys.executable, *words], cwd=ROOT, env=copy.environment(DEBUG="1"), check=True)
    running = copy.start("manage.py", "serve", "--no-demo", DEBUG="1", PORT=port)
    said = []
    for line in running.stdout:
        said.append(line)
        if "Ctrl-C" in line:
            break
    else:
        raise AssertionError("".join(said))
    yield Site(f"http://127.0.0.1:{port}", copy)
    copy.end()


@pytest.fixture(scope="session")
def browser(chromium):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium,
            args=[
                "--no-sandbox", "--disable-background-networking", "--disable-component-update",
                "--disable-sync", "--no-first-run", "--disable-quic",
            ],
        )  # fmt: skip
        yield browser
        browser.close()


@pytest.fixture
def visit(site, browser):
    """Log somebody in: `page = visit("lz-neiguan")`. Faults of scripts or policy fail the test.

    `base_url`: of the same copy on another day.
    """
    contexts, faults = [], []

    def log_in(username: str, *, base_url=site.address, **device) -> Page:
        context = browser.new_context(
            base_url=base_url,
            locale="zh-CN",
            **({"viewport": {"width": 1440, "height": 900}} | device),
        )
        contexts.append(context)
        page: Page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on(
            "console",
            lambda said: (
                faults.append(said.text) if "Content Security Policy" in said.text else None
            ),
        )
        page.goto("/login/")
        page.fill("input[name=username]", username)
        page.fill("input[name=password]", DEMO_PASSWORD)
        page.click("button[type=submit]")
        page.wait_for_url(f"{base_url}/")
        return page

    yield log_in
    for context in contexts:
        context.close()
    assert faults == []
