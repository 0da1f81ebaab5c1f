// SQL: rows as a table and as a chart, or as a file.
import { ask, send } from "./page.js";
import { show } from "./plots.js";

const form = document.getElementById("query"), text = document.getElementById("sql"), said = document.getElementById("said");
const rows = document.getElementById("rows"), chart = document.getElementById("chart"), SHOWN = 500;
const x = document.getElementById("chart-x"), y = document.getElementById("chart-y"), kind = document.getElementById("chart-kind");
let found = null;

function cell(value) {
  if (value === null) return "–";
  return typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(7)).toLocaleString("en", { maximumFractionDigits: 8 }) : String(value);
}
function list() {
  const table = document.createElement("table"), head = table.createTHead().insertRow(), body = table.createTBody();
  const isNumber = found.columns.map((column) => /INT|DOUBLE|DECIMAL|FLOAT/.test(column.type));
  found.columns.forEach((column, i) => { const th = document.createElement("th"); th.scope = "col"; th.textContent = column.name; if (!isNumber[i]) th.className = "left"; head.append(th); });
  for (const row of found.rows.slice(0, SHOWN)) {
    const line = body.insertRow();
    row.forEach((value, i) => { const td = line.insertCell(); td.textContent = cell(value); if (!isNumber[i]) td.className = "left"; });
  }
  const box = document.createElement("div");
  box.className = "scroll";
  box.tabIndex = 0;
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", "Rows");
  box.append(table);
  rows.replaceChildren(box);
  const numbers = found.columns.map((column, i) => [column.name, i]).filter(([, i]) => isNumber[i]);
  chart.hidden = !numbers.length || found.rows.length < 2;
  if (chart.hidden) return;
  x.replaceChildren(...found.columns.map((column, i) => new Option(column.name, i)));
  y.replaceChildren(...numbers.map(([name, i]) => new Option(name, i)));
  y.value = numbers.at(-1)[1];
  draw();
}
function draw() {
  const layout = { font: { family: "system-ui, sans-serif", size: 13, color: "#1f2933" }, paper_bgcolor: "#ffffff", plot_bgcolor: "#ffffff", margin: { l: 64, r: 24, t: 28, b: 56 }, height: 400,
    title: { text: `${found.columns[y.value].name} by ${found.columns[x.value].name}` }, xaxis: { gridcolor: "#e6e9ee", automargin: true, type: kind.value === "bar" ? "category" : undefined }, yaxis: { gridcolor: "#e6e9ee", automargin: true } };
  const data = [{ x: found.rows.map((row) => row[x.value]), y: found.rows.map((row) => row[y.value]), type: kind.value === "bar" ? "bar" : "scatter", mode: kind.value === "dots" ? "markers" : "lines", marker: { color: "#0072B2" }, line: { color: "#0072B2" } }];
  show(document.getElementById("plot"), { data, layout });
}
async function run() {
  said.textContent = "Asking …";
  said.className = "hint";
  try {
    found = await send("/do/sql", { sql: text.value, max_rows: 10000 });
    history.replaceState(null, "", `/sql?q=${encodeURIComponent(text.value)}`);
    said.textContent = `${found.n_rows.toLocaleString("en")} rows in ${found.seconds.toFixed(2)} s${found.truncated ? ", the first of more" : ""}${found.n_rows > SHOWN ? `; ${SHOWN} are shown` : ""}.`;
    list();
  } catch (error) {
    said.textContent = error.message;
    said.className = "wrong";
    rows.replaceChildren();
    chart.hidden = true;
  }
}
form.addEventListener("submit", (event) => { event.preventDefault(); run(); });
text.addEventListener("keydown", (event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) run(); });
for (const select of [x, y, kind]) select.addEventListener("change", draw);
form.querySelectorAll("[data-format]").forEach((button) => button.addEventListener("click", async () => {
  try {
    const answer = await ask("/do/sql", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ sql: text.value, format: button.dataset.format, max_rows: 1000000 }) });
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await answer.blob());
    link.download = `rows.${button.dataset.format}`;
    link.click();
    URL.revokeObjectURL(link.href);
  } catch (error) {
    said.textContent = error.message;
    said.className = "wrong";
  }
}));
if (form.dataset.asked === "true") run();
