"""What every page has: keyboard, palette, theme, questions, SQL, signing in, and a word when the server is gone."""

from __future__ import annotations

import time

import pytest

from tests.integration.api.served import service
from trading_ai.bootstrap import Application
from trading_ai.settings import Settings

pytestmark = pytest.mark.browser


def test_everything_is_reached_by_keyboard(visit, served):
    seen = visit()
    page = seen.go("/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.keyboard.press("Control+k")
    seen.until("document.querySelectorAll('#palette-list li').length > 5")
    page.keyboard.type("sma verdict")
    seen.until("document.querySelectorAll('#palette-list li').length === 1")
    page.keyboard.press("Enter")
    page.wait_for_url("**/verdict")
    page.keyboard.press("Control+k")
    page.keyboard.press("Escape")
    assert not page.evaluate("document.getElementById('palette').open")


def test_the_theme_is_remembered_and_figures_follow(visit, served):
    seen = visit()
    page = seen.go(f"/backtests/{served.backtest_id}")
    seen.until("document.querySelector('.js-plotly-plot .main-svg')")
    paper = "document.querySelector('.js-plotly-plot')._fullLayout.paper_bgcolor"
    assert page.evaluate(paper) == "#ffffff"
    page.click("#theme")
    seen.until(f"{paper} === '#14181d'")
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    seen.assert_clean()


def test_the_menu_folds_on_a_phone(visit, served):
    seen = visit(390)
    page = seen.go("/")
    assert page.is_hidden("nav a[href='/data']")
    page.click("summary:has-text('Menu')")
    page.click("nav a[href='/data']")
    page.wait_for_url("**/data")
    seen.assert_clean()


def test_the_panel_answers_about_the_run_on_the_page(visit, served):
    seen = visit()
    page = seen.go(f"/optimizations/{served.optimization_id}")
    page.click("#open-ask")
    page.fill("#panel-question", "which parameter matters most?")
    page.keyboard.press("Enter")
    seen.until("document.querySelector('#ask-panel .answer')")
    text = page.inner_text("#ask-panel .answer")
    assert "matters most" in text
    page.keyboard.press("Escape")
    assert page.is_hidden("#ask-panel")
    seen.assert_clean()


@pytest.mark.parametrize("kind", ["backtest", "optimization"])
def test_notes_are_kept_with_their_run(visit, served, kind):
    seen = visit()
    page = seen.go(f"/{kind}s/{getattr(served, kind + '_id')}")
    text = f"Try a longer stop: <b>{kind}</b>"
    page.fill("#note-text", text)
    page.click("text=Keep it")
    seen.until("document.querySelector('.note .text')")
    assert page.inner_text(".note .text") == text
    page.on("dialog", lambda dialog: dialog.accept())
    page.click(".note button")
    seen.until("document.documentElement.dataset.ready && !document.querySelector('.note')")
    seen.assert_clean()


def test_sql_is_a_table_a_chart_and_a_file(visit, served):
    seen = visit()
    page = seen.go("/sql")
    page.fill("#sql", "select stop_loss, avg(net_profit) as mean from trials('latest') group by 1 order by 1")
    page.press("#sql", "Control+Enter")
    seen.until("document.querySelector('#rows tbody tr')")
    seen.until("document.getElementById('plot').data?.length")
    with page.expect_download() as download:
        page.click("text=CSV")
    assert download.value.path().read_text().startswith("stop_loss,mean")
    assert "q=select" in page.url
    seen.assert_clean()
    page.fill("#sql", "drop table trials")
    page.press("#sql", "Control+Enter")
    seen.until("document.getElementById('said').className === 'wrong'")


def test_the_descriptions_of_the_api_work_without_a_network(visit, served):
    seen = visit()
    seen.page.goto(served.url + "/docs")
    seen.until("document.querySelector('.opblock')")
    assert seen.messages == []
    assert seen.elsewhere == []


def test_signing_in_by_key_and_what_a_key_may(visit, served, tmp_path_factory):
    folder = tmp_path_factory.mktemp("keys")
    application = Application(Settings(home=folder / "data"))
    _, key = application.keys.create("looker", "read", time.time())
    application.database.engine.dispose()
    with service(folder, TRADING_AI_REQUIRE_KEYS="1") as server:
        seen = visit(url=server.url)
        page = seen.go("/data")
        assert "/sign-in" in page.url
        page.fill("#key", "tai_wrong")
        page.keyboard.press("Enter")
        seen.until("document.getElementById('key-wrong')")
        page.fill("#key", key)
        page.keyboard.press("Enter")
        page.wait_for_url("**/data")
        assert page.query_selector("#file") is None
        assert page.query_selector("nav a[href='/keys']") is None
        cookie = next(c for c in seen.context.cookies() if c["name"] == "trading_ai_session")
        assert cookie["httpOnly"]
        assert cookie["sameSite"] == "Lax"
        page.set_viewport_size({"width": 390, "height": 844})
        assert seen.overflow() <= 0
        assert page.is_visible("text=Sign out")
        page.set_viewport_size({"width": 1280, "height": 900})
        page.click("text=Sign out")
        page.wait_for_url("**/sign-in")
        seen.page.goto(server.url + "/data")
        assert "/sign-in" in page.url
        # A server that is gone is said once, and its pages go on when it is back.
        page.fill("#key", key)
        page.keyboard.press("Enter")
        page.wait_for_url("**/data")
        seen.until("document.documentElement.dataset.ready")
        page.click("nav a[href='/']")
        seen.until("document.getElementById('home') && document.documentElement.dataset.ready")
        server.kill()
        seen.until("document.querySelector('#notices .bad')")
        server.restart()
        seen.until("[...document.querySelectorAll('#notices p')].some(p => p.textContent.includes('is back'))")
