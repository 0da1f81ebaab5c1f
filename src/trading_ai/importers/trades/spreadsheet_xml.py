"""SpreadsheetML 2003, the XML that spreadsheets of older platforms are: rows of texts.

A document type is refused, and with it entities of one's own and everything outside of the file.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from xml.parsers import expat

from trading_ai.errors import DataError
from trading_ai.importers.trades.document import check_cells

_SPREADSHEET = "urn:schemas-microsoft-com:office:spreadsheet"
_MAX_COLUMN = 16_384


@dataclass
class Workbook:
    """What was found in a workbook.

    Attributes:
        rows: texts of each row's cells.
        lines: line of each row, 1-based.
        names: names of its sheets.
        title: the document's title.
    """

    rows: list[list[str]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    title: str = ""


def read_spreadsheet(content: bytes, source: str) -> Workbook:
    """The rows of a SpreadsheetML document.

    Args:
        content: the bytes.
        source: what to call it in messages.

    Raises:
        DataError: it is cut off or otherwise no XML, declares a document type, or is no spreadsheet.
    """
    return _Reader(source).read(content)


class _Reader:
    def __init__(self, source: str) -> None:
        self._source = source
        self._found = Workbook()
        self._row: list[str] = []
        self._text: list[str] | None = None
        self._title: list[str] | None = None
        self._n_cells = 0
        self._is_workbook = False
        self._parser = expat.ParserCreate(namespace_separator="|")

    def read(self, content: bytes) -> Workbook:
        parser = self._parser
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._refuse
        parser.EntityDeclHandler = self._refuse
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        try:
            parser.Parse(content, True)
        except expat.ExpatError as error:
            raise DataError(
                f"is not well-formed XML: {expat.errors.messages[error.code]}", file=self._source, line=error.lineno,
                remedy="Export it again; it may be cut off",
            ) from None  # fmt: skip
        except (ValueError, LookupError) as error:  # an encoding that there is not
            raise DataError(f"is not readable as XML: {error}", file=self._source, remedy="Export it again") from None
        if not self._is_workbook:
            raise DataError(
                "is XML, but no spreadsheet", file=self._source, remedy="Export it for Excel (XML), as CSV or as HTML"
            )
        return self._found

    def _refuse(self, *_: object) -> None:
        raise DataError(
            "declares a document type or an entity, which no report does", file=self._source,
            line=self._parser.CurrentLineNumber, remedy="Export it again from the platform",
        )  # fmt: skip

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        space, _, local = name.rpartition("|")
        if local == "Title":
            self._title = []
        if space != _SPREADSHEET:
            return
        self._is_workbook |= local == "Workbook"
        if local == "Worksheet":
            self._found.names.append(attributes.get(f"{_SPREADSHEET}|Name", ""))
        elif local == "Row":
            self._row = []
            self._line = self._parser.CurrentLineNumber
        elif local == "Cell":
            at = attributes.get(f"{_SPREADSHEET}|Index", "")
            if at.isascii() and at.isdigit() and len(self._row) < int(at) <= _MAX_COLUMN:
                padding = int(at) - 1 - len(self._row)
                self._n_cells += padding
                check_cells(self._n_cells, self._source)
                self._row += [""] * padding
            self._row.append("")
            self._n_cells += 1
            check_cells(self._n_cells, self._source)
        elif local == "Data" and self._row:
            self._text = []

    def _end(self, name: str) -> None:
        space, _, local = name.rpartition("|")
        if local == "Title" and self._title is not None:
            self._found.title = self._found.title or "".join(self._title).strip()
            self._title = None
        if space != _SPREADSHEET:
            return
        if local == "Data" and self._text is not None:
            self._row[-1] = "".join(self._text).strip()
            self._text = None
        elif local == "Row" and any(self._row):
            self._found.rows.append(self._row)
            self._found.lines.append(self._line)

    def _characters(self, text: str) -> None:
        if self._text is not None:
            self._text.append(text)
        elif self._title is not None:
            self._title.append(text)
