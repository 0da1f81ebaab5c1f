"""A page that needs nothing else, no server and no network: sections, figures drawn when they are seen, a menu."""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from importlib.resources import files
from string import Template

import plotly.graph_objects as go
from plotly.offline import get_plotlyjs

from trading_ai.figures import theme

_DARK_PAGE = (
    f"color-scheme: dark; --ink: {theme.DARK[theme.INK]}; --muted: {theme.DARK[theme.MUTED]}; --line: #2c343d; "
    f"--rule: #4a5560; --soft: #1b2026; --paper: {theme.DARK_PAPER}; --accent: #6db3f2; --gain: #4cc39b; "
    "--fall: #f2935c; --mark: #1b2b3c; --mark-line: #2f4a66; --luck: #2b2415; --warn: #33211a;"
)


@dataclass
class Page:
    """Sections and figures collected for the template."""

    figures: dict[str, str] = field(default_factory=dict)
    sections: list[tuple[str, str, str, str]] = field(default_factory=list)

    def add(self, anchor: str, title: str, body: str, short: str = "") -> None:
        """Add a section; title, body and the short title of the menu are HTML."""
        self.sections.append((anchor, title, body, short or title))

    def one_of(self, figures: Sequence[tuple[str, go.Figure]], label: str) -> str:
        """Places of several figures of which a list chooses one; the others are drawn when they are chosen."""
        if len(figures) == 1:
            return self.figure(figures[0][1])
        name = f"choice-{len(self.figures) + 1}"
        options = "".join(f"<option>{html.escape(words)}</option>" for words, _ in figures)
        places = [self.figure(figure) for _, figure in figures]
        hidden = [places[0], *(place.replace("<figure>", "<figure hidden>", 1) for place in places[1:])]
        return (
            f'<p class="which-of"><label for="{name}-of">{html.escape(label)}</label>'
            f'<select id="{name}-of" class="which" data-of="{name}">{options}</select></p>'
            f'<div id="{name}">{"".join(hidden)}</div>'
        )

    def figure(self, figure: go.Figure) -> str:
        """Keep a figure for the script and return its place in the page, titled in HTML."""
        name = f"figure-{len(self.figures) + 1}"
        title = html.unescape(figure.layout.title.text or "")
        subtitle = html.unescape(figure.layout.title.subtitle.text or "")
        # Titles in HTML wrap on a phone and are read by screen readers; inside the plot they do neither.
        figure.update_layout(title=None, margin_t=28)
        self.figures[name] = figure.to_json()
        height = figure.layout.height or 450
        said = f"<span>{html.escape(subtitle)}</span>" if subtitle else ""
        label = html.escape(title, quote=True)
        return (
            f"<figure><figcaption><b>{html.escape(title)}</b>{said}</figcaption>"
            f'<div class="plot" id="{name}" role="img" aria-label="{label}" style="height:{height:.0f}px">'
            "</div></figure>"
        )

    def rendered(self, title: str, facts: str, generated_at: datetime) -> str:
        """The whole document.

        Args:
            title: plain text.
            facts: the line under the title, HTML.
            generated_at: when it was made.
        """
        folder = files("trading_ai.reports")
        sections = "\n".join(
            f'<section id="{anchor}" aria-labelledby="{anchor}-title"><h2 id="{anchor}-title">{heading}</h2>{body}'
            "</section>"
            for anchor, heading, body, _ in self.sections
        )
        figures = ",".join(f"{json.dumps(name)}:{figure}" for name, figure in self.figures.items())
        dark = {light.lower(): twin for light, twin in theme.DARK.items()}
        moment = generated_at.isoformat(sep=" ", timespec="seconds")
        return Template(folder.joinpath("template.html").read_text(encoding="utf-8")).substitute(
            title=html.escape(title),
            font=theme.FONT,
            facts=facts,
            nav="".join(f'<li><a href="#{anchor}">{short}</a></li>' for anchor, _, _, short in self.sections),
            sections=sections,
            footer=f"Made {html.escape(moment)}. Results of the past say nothing certain about the future.",
            plotly=get_plotlyjs() if self.figures else "",
            figures=f'{{"dark":{json.dumps(dark)},"figures":{{{figures}}}}}',
            dark=_DARK_PAGE,
            script="".join(folder.joinpath(name).read_text(encoding="utf-8") for name in ("report.js", "tables.js")),
        )
