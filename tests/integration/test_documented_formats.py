"""Every example of the page on import formats is read as the format under whose heading it stands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from trading_ai.importers.read import FORMATS, read_bars

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "import-formats.md"
EXAMPLE = re.compile(
    r"^## (?P<format>\w+)$(?:(?!^## ).)*?^File `(?P<name>[^`]+)`.*?^```text\n(?P<text>.*?)^```", re.M | re.S
)
EXAMPLES = {found["format"]: found for found in EXAMPLE.finditer(PAGE.read_text("utf-8"))}


def test_every_format_of_text_has_an_example_and_every_format_a_heading():
    assert set(EXAMPLES) == set(FORMATS) - {"parquet"}
    assert set(re.findall(r"^## ([a-z]\w+)$", PAGE.read_text("utf-8"), re.M)) == set(FORMATS)


@pytest.mark.parametrize("name", EXAMPLES)
def test_example_is_read_as_its_format(name, tmp_path):
    path = tmp_path / EXAMPLES[name]["name"]
    path.write_text(EXAMPLES[name]["text"], "utf-8")
    found = read_bars(path, symbol="EURUSD")
    assert found.detected["format"] == name
    assert len(found.bars) == 3
    assert found.bars.open[0] == pytest.approx(1.104, abs=5e-5)
    if name == "mt5":
        assert found.bars.spread == pytest.approx([0.00012, 0.0001, 0.00011])
    if name == "lean":
        assert found.bars.ask_close[-1] == pytest.approx(1.1029)
    if name == "histdata":
        assert found.detected["timezone"] == "EST"
        assert str(found.bars.open_time_ns[:1].astype("datetime64[ns]")[0])[:16] == "2024-01-02T13:00"
