"""Every page by keyboard alone: what can be used is reached, is seen to be reached, has a name, and lets go again."""

from __future__ import annotations

import pytest

from tests.browser.test_every_page import PAGES, filled

pytestmark = pytest.mark.browser

USED = (
    "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0'], [role=button], [role=slider]"
)
"""What somebody with a mouse can use."""

REACHED = """() => {
  const element = document.activeElement;
  if (!element || element === document.body) return null;
  const number = element.dataset.walked ??= String(document.querySelectorAll("[data-walked]").length);
  const seen = [element, ...(element.labels ?? [])].filter((each) => !each.classList.contains("sr"));
  const probe = document.body.appendChild(document.createElement("i"));
  probe.style.color = "var(--focus)";
  const colour = getComputedStyle(probe).color;
  probe.remove();
  const outlined = seen.some((each) => {
    const { outlineStyle, outlineWidth, outlineColor } = getComputedStyle(each);
    return outlineStyle === "solid" && parseFloat(outlineWidth) >= 2 && outlineColor === colour;
  });
  const named = [element.getAttribute("aria-label"), element.title, element.textContent,
    ...Array.from(element.labels ?? [], (label) => label.textContent),
    ...(element.getAttribute("aria-labelledby") ?? "").split(" ").map((id) => document.getElementById(id)?.textContent),
  ].some((name) => name?.trim());
  const uncovered = seen.some((each) => {
    const box = each.getBoundingClientRect(), above = Math.max(box.top, 0), below = Math.min(box.bottom, innerHeight);
    const x = Math.min(Math.max(box.left + box.width / 2, 1), innerWidth - 1);
    return below > above && [0.2, 0.5, 0.8].some((part) => {
      const top = document.elementFromPoint(x, above + part * (below - above));
      return top && (each.contains(top) || top.contains(each));
    });
  });
  return { number, what: element.outerHTML.slice(0, 160), outlined, uncovered, named };
}"""

LEFT = """(used) => Array.from(document.querySelectorAll(used))
  .filter((each) => each.checkVisibility({ visibilityProperty: true, contentVisibilityAuto: true }) && !each.disabled)
  .filter((each) => each.getAttribute("tabindex") !== "-1" && each.dataset.walked === undefined)
  .map((each) => each.outerHTML.slice(0, 160))"""


def walked(seen, key, most=600):
    """What a key leads to, until the page lets go."""
    found, numbers = [], set()
    while len(found) < most:
        seen.page.keyboard.press(key)
        reached = seen.page.evaluate(REACHED)
        if reached is None:
            break
        assert reached["number"] not in numbers, f"held fast at {reached['what']}"
        numbers.add(reached["number"])
        found.append(reached)
    return found


def settled(seen, served, path):
    """The page with all of its figures."""
    seen.go(filled(served, path))
    if "verdict" in path:
        seen.until("document.querySelector('#study[aria-busy=false]')")
    seen.until("[...document.querySelectorAll('[data-figure]')].every(each => each.dataset.loaded === 'true')")
    seen.until("!document.querySelector('.to-chart[data-number]') || document.querySelector('#candles')?.dataset.told")


@pytest.mark.parametrize(("width", "colours"), [(1280, "dark"), (390, "light")])
@pytest.mark.parametrize("path", PAGES)
def test_the_keyboard_reaches_all_of_a_page(visit, served, path, width, colours):
    seen = visit(width, colours)
    settled(seen, served, path)
    there = walked(seen, "Tab")
    assert there[0]["what"].startswith('<a class="skip"')
    for flaw in ("outlined", "named", "uncovered"):
        assert [each["what"] for each in there if not each[flaw]] == [], f"not {flaw}"
    assert seen.page.evaluate(LEFT, USED) == []
    back = walked(seen, "Shift+Tab", most=len(there))
    assert [each["number"] for each in back] == [each["number"] for each in reversed(there)]
    assert [each["what"] for each in back if not each["uncovered"]] == []


def test_what_is_turned_keeps_the_keyboard_where_it_was(visit, served):
    seen = visit()
    page = seen.go(f"/optimizations/{served.optimization_id}")
    for _ in range(2):
        page.focus(".trials thead a:has-text('take_profit')")
        page.keyboard.press("Enter")
        order = "descending" if "sort=-take_profit" in page.url else "ascending"
        seen.until(f"document.querySelector('th[aria-sort={order}] a')?.textContent.startsWith('take_profit')")
        assert page.evaluate("document.activeElement.textContent").startswith("take_profit")
    page.focus("a.pin")
    page.keyboard.press("Space")
    seen.until("document.querySelector('#pinned')")
    assert page.evaluate("document.activeElement.matches('a.pin[aria-pressed=true]')")
    page.fill("#where", "stop_loss >= 60")
    page.press("#where", "Enter")
    seen.until("document.querySelector('caption').textContent.includes('of 10 ')")
    assert page.evaluate("document.activeElement.id") == "where"
    page.keyboard.type(" and")
    assert page.input_value("#where") == "stop_loss >= 60 and"
    seen.assert_clean()


def test_what_opens_over_a_page_closes_by_escape_and_by_going_on(visit, served):
    seen = visit(390)
    page = seen.go(f"/optimizations/{served.optimization_id}")
    for box in ("#menu", ".choose"):
        is_open = f"document.querySelector('{box}').open"
        page.focus(f"{box} > summary")
        page.keyboard.press("Enter")
        assert page.evaluate(is_open)
        page.keyboard.press("Tab")
        assert page.evaluate(f"document.querySelector('{box}').contains(document.activeElement)")
        page.keyboard.press("Escape")
        assert not page.evaluate(is_open)
        assert page.evaluate("document.activeElement.localName") == "summary"
        page.keyboard.press("Enter")
        page.keyboard.press("Shift+Tab")
        assert not page.evaluate(is_open)
    page.click(".choose > summary")
    page.click("h1")
    assert not page.evaluate("document.querySelector('.choose').open")
    seen.assert_clean()


def test_figures_and_candles_are_moved_by_keyboard(visit, served):
    seen = visit()
    settled(seen, served, "/backtests/{backtest}")
    page = seen.page
    width = (
        "(([a, b]) => new Date(b) - new Date(a))(document.querySelector('[data-figure$=equity]').layout.xaxis.range)"
    )
    before = page.evaluate(width)
    page.focus("[data-figure$=equity] .modebar-btn[data-title='Zoom in']")
    page.keyboard.press("Enter")
    seen.until(f"{width} < {before}")
    page.focus(".to-chart")
    page.keyboard.press("Enter")
    seen.until("document.activeElement.id === 'candles'")
    for key in ("ArrowLeft", "+", "-"):
        page.keyboard.press(key)
    seen.assert_clean()
