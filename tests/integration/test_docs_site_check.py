"""The check of the built documentation site sees what it is there to see."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "check_docs_site.py"


@pytest.fixture(scope="module")
def faults():
    spec = importlib.util.spec_from_file_location("check_docs_site", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.faults


@pytest.fixture
def site(tmp_path):
    (tmp_path / "a.html").write_text(
        '<link rel="stylesheet" href="style.css"><h1 id="top">A</h1><a href="b.html#part">b</a>'
        '<a href="https://example.com/">elsewhere</a><a href="#top">up</a>',
        "utf-8",
    )
    (tmp_path / "b.html").write_text(
        '<h1 id="part">B</h1><script>var x = "https://example.com/is/no/request"</script>', "utf-8"
    )
    (tmp_path / "style.css").write_text("body { background: url(data:image/png;base64,AAAA) }", "utf-8")
    return tmp_path


def test_a_site_of_its_own_is_in_order(faults, site):
    assert faults(site) == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("c.html", '<script src="https://cdn.example.com/x.js"></script>'),
        ("c.html", '<link rel="preconnect" href="//fonts.example.com">'),
        ("c.html", '<img src="http://example.com/x.png">'),
        ("c.html", '<p style="background: url(https://example.com/x.png)">'),
        ("c.html", "<style>@import 'https://example.com/x.css';</style>"),
        ("c.html", '<script type="module">import "https://example.com/m.js"; fetch("https://example.com/x")</script>'),
        ("c.css", "@font-face { src: url('https://fonts.example.com/x.woff2') }"),
        ("c.js", 'const w = new Worker("https://example.com/w.js")'),
    ],
)
def test_what_asks_another_host_is_found(faults, site, name, text):
    (site / name).write_text(text, "utf-8")
    assert any(f"{name} asks another host" in fault for fault in faults(site))


@pytest.mark.parametrize("link", ["missing.html", "b.html#missing", "#missing"])
def test_a_link_that_leads_nowhere_is_found(faults, site, link):
    (site / "c.html").write_text(f'<a href="{link}">x</a>', "utf-8")
    assert len(faults(site)) == 1
    assert link in faults(site)[0]


def test_an_empty_folder_is_no_site(faults, tmp_path):
    assert faults(tmp_path) == [f"{tmp_path} holds no page"]
