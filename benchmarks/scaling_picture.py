"""The picture of the simulated bursts: chunks that wait, workers and progress over time, a column a burst."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from trading_ai.figures.theme import ACCENT, LONG, LOSS, SHORT, TEMPLATE, WIN

if TYPE_CHECKING:
    from benchmarks.scaling_simulation import Outcome

WIDTH, HEIGHT, POINTS = 1160, 820, 400
COLOURS = (LONG, WIN, SHORT, LOSS, ACCENT)
DASHES = ("solid", "dash", "dot", "dashdot", "solid")
ROWS = ("Chunks that wait", "Workers", "Done, %")


def draw(courses: Mapping[int, Mapping[str, Outcome]], path: Path) -> None:
    """Write the picture.

    Args:
        courses: simulated bursts by number of combinations and by how many workers there are.
        path: PNG file.
    """
    titles = [f"{n:,} combinations" for n in courses]
    figure = make_subplots(len(ROWS), len(courses), shared_xaxes="columns", column_titles=titles, row_titles=list(ROWS),
                           vertical_spacing=0.04, horizontal_spacing=0.06)  # fmt: skip
    for column, burst in enumerate(courses.values(), 1):
        for (name, found), colour, dash in zip(burst.items(), COLOURS, DASHES, strict=True):
            places = np.unique(np.geomspace(1, len(found.course), POINTS).astype(int)) - 1
            course = [found.course[i] for i in places]
            seconds, waiting, workers, done = zip(*course, strict=True)
            for row, values in enumerate((waiting, workers, [100 * share for share in done]), 1):
                line = {"color": colour, "dash": dash, "width": 2, "shape": "hv" if row == 2 else "linear"}
                figure.add_scatter(x=seconds, y=values, name=name, legendgroup=name, mode="lines", line=line,
                                   showlegend=row == column == 1, row=row, col=column)  # fmt: skip
    figure.update_layout(template=TEMPLATE, width=WIDTH, height=HEIGHT, margin={"l": 70, "r": 40, "t": 90, "b": 60})
    figure.update_layout(legend={"y": 1.06})
    figure.update_xaxes(type="log", dtick=1)
    figure.update_xaxes(title_text="seconds", row=len(ROWS))
    for row in (1, 2):
        figure.update_yaxes(type="log", dtick=1, row=row)
    _photograph(figure, path)


def _photograph(figure: go.Figure, path: Path) -> None:
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        page_path = Path(folder) / "page.html"
        figure.write_html(page_path, include_plotlyjs=True, config={"staticPlot": True})
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=arguments)
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        page.goto(page_path.as_uri())
        page.locator(".main-svg").first.wait_for()
        page.locator(".plotly-graph-div").screenshot(path=path)
        browser.close()
