"use strict";
// Tables that fit in one page sort by their headings: in reports, and on the pages of the dashboard.
(function () {
  const AMOUNT = /^[-+]?[\d,.]+(e[-+]?\d+)?\s*(%|[A-Z]{3})?$/i;
  function valueOf(cell) {
    const text = (cell.dataset.value ?? cell.textContent).trim();
    // A number is one to its end: a date begins with one, and would be sorted by its year.
    const number = AMOUNT.test(text) ? parseFloat(text.replaceAll(",", "")) : NaN;
    return Number.isNaN(number) ? text.toLowerCase() : number;
  }
  document.querySelectorAll("table.sortable thead th").forEach((head) => {
    if (!head.textContent.trim()) return;
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const body = head.closest("table").tBodies[0], column = head.cellIndex;
      const down = head.getAttribute("aria-sort") !== "descending";
      head.parentNode.querySelectorAll("th").forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const rows = Array.from(body.rows).map((row) => [valueOf(row.cells[column]), row]);
      const isWord = (value) => typeof value === "string";
      rows.sort(([a], [b]) => {
        if (isWord(a) !== isWord(b)) return isWord(a) ? 1 : -1; // what is no number stands last, either way
        const order = a < b ? -1 : a > b ? 1 : 0;
        return down ? -order : order;
      });
      body.append(...rows.map(([, row]) => row));
    });
  });
})();
