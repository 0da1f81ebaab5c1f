"""How `make docs-site` builds the site: Sphinx over the repository's own Markdown, so that every link works there too.

The folder of sources is the repository, whose pages link to each other as files do. A folder's `README.md` is its
index page: the pages that its lists and tables link to, in that order, are the entries of the menu below it. A page
that no index links to is an error.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "src"))

project = "trading-ai"
release = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
copyright = "the trading-ai developers, Apache-2.0"  # noqa: A001 - Sphinx's name for it
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]

root_doc = "docs/README"
include_patterns = [
    "README.md",
    "CHANGELOG.md",
    "CODE_OF_CONDUCT.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "benchmarks/README.md",
    "docs/**.md",
    "kubernetes/README.md",
    "src/trading_ai/sample_data/ATTRIBUTION.md",
]
exclude_patterns = [".*", "build", "dist", "tests", "docs/site"]

# --- Markdown: headings get the anchors that forges give them ---

myst_heading_anchors = 4
suppress_warnings = ["myst.header"]  # the generated pages begin with a comment

# --- reference from docstrings ---

default_role = "code"
add_module_names = False
autoclass_content = "class"
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 80
napoleon_numpy_docstring = False
napoleon_use_ivar = True
napoleon_attr_annotations = False
napoleon_use_rtype = False
nitpicky = True
# The site asks no other host for anything, so it has no inventories of what others document. Names of ours that are
# shown in signatures only are not pages.
nitpick_ignore_regex = [
    ("py:.*", r"(?!trading_ai\.).*"),
    ("py:class", r"trading_ai\..*"),
]

# --- the look: system fonts, nothing from other hosts ---

html_theme = "furo"
html_title = f"trading-ai {release}"
html_extra_path = ["extra"]
html_static_path = ["static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_copy_source = False
html_use_index = True
html_show_search_summary = False  # it fetches pages, which a site opened from a folder may not
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#0b5c8a", "color-brand-content": "#0b5c8a"},
    "dark_css_variables": {"color-brand-primary": "#6cb8e6", "color-brand-content": "#6cb8e6"},
}

_LINK = re.compile(r"\]\((?!\w+:)([^)#\s]+\.md)(?:#[^)\s]*)?\)")


def linked_pages(page: str, text: str) -> list[str]:
    """Pages that lists and tables of an index page link to, in its order; of a folder with an index, that alone.

    Args:
        page: the index page's name, such as ``docs/README``.
        text: its Markdown.
    """
    folder = (ROOT / page).parent
    entries = "\n".join(line for line in text.splitlines() if line.startswith(("- ", "  ", "|")))
    found = [(folder / target).resolve() for target in _LINK.findall(entries)]
    names = [str(path.relative_to(ROOT)).removesuffix(".md") for path in found if path.is_relative_to(ROOT)]
    here = str(Path(page).parent)
    deeper = {str(Path(name).parent) for name in names if Path(name).name == "README" and name.startswith(f"{here}/")}
    return [
        name
        for name in dict.fromkeys(names)
        if name != page and (Path(name).name == "README" or str(Path(name).parent) not in deeper - {here})
    ]


def add_menu(_app: Any, page: str, source: list[str]) -> None:
    """Give an index page the menu of the pages that it links to."""
    if page.startswith("docs/") and Path(page).name == "README":
        entries = "\n".join(f"/{name}" for name in linked_pages(page, source[0]))
        source[0] += f"\n\n```{{toctree}}\n:hidden:\n\n{entries}\n```\n"


_ARRAY = re.compile(
    r"(?:numpy\.)?ndarray\[tuple\[(?:typing\.)?Any, \.\.\.\], (?:numpy\.)?dtype\[((?:[\w.]|\[[^]]*\])+)\]\]"
)


def shorten_signature(
    _app: Any, what: str, _name: str, thing: Any, _options: Any, signature: str | None, returned: str | None
) -> tuple[str | None, str | None]:
    """Write arrays as the sources do, ``NDArray[float64]``, and protocols, which nobody calls, without arguments."""
    if what == "class" and getattr(thing, "_is_protocol", False):
        return "", None

    def short(text: str | None) -> str | None:
        return None if text is None else _ARRAY.sub(lambda found: f"NDArray[{found[1].rpartition('.')[2]}]", text)

    return short(signature), short(returned)


def join_sentence(_app: Any, what: str, _name: str, _thing: Any, _options: Any, lines: list[str]) -> None:
    """Undo that napoleon takes what stands before an attribute's colon for its type: here it is half a sentence."""
    types = [line for line in lines if line.startswith(":type: ")]
    if what in {"attribute", "property"} and types and lines[0]:
        lines.remove(types[0])
        lines[0] = f"{types[0].removeprefix(':type: ')}: {lines[0]}"


def setup(app: Any) -> None:
    """Join the hooks above to Sphinx."""
    app.connect("source-read", add_menu)
    app.connect("autodoc-process-signature", shorten_signature)
    app.connect("autodoc-process-docstring", join_sentence, priority=600)  # napoleon has 500
