"""What a search finds, as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from typing_extensions import TypedDict

from trading_ai.documents.forms import form

if TYPE_CHECKING:
    from trading_ai.assistant.ports import Found


@form()
class FoundPassage(TypedDict):
    """A passage that was found.

    Attributes:
        kind: what it is a text of: dataset, backtest, optimization, verdict, error, trade-note
            or docs.
        about: id of the thing, of a note its own, or the page and heading of the documentation.
        title: what a list shows.
        text: the passage.
        score: higher is nearer; comparable within one answer only.
        found_by: how it was found: words, meaning or both.
    """

    kind: str
    about: str
    title: str
    text: str
    score: float
    found_by: list[str]


@form()
class SearchAnswer(TypedDict):
    """What a search finds.

    Attributes:
        hits: the passages, best first.
        said: what should be known of how they were found, such as that a server does not answer; mostly empty.
    """

    hits: list[FoundPassage]
    said: list[str]


def search_json(found: Found) -> SearchAnswer:
    """What a search found as JSON."""
    return {
        "hits": [
            {
                "kind": hit.passage.kind,
                "about": hit.passage.about,
                "title": hit.passage.title,
                "text": hit.passage.text,
                "score": hit.score,
                "found_by": list(hit.found_by),
            }
            for hit in found.hits
        ],
        "said": list(found.said),
    }
