// Files: dropped or chosen, looked at, then kept.
import { ask, notice } from "./page.js";
import { valuesOf } from "./fields.js";

const form = document.getElementById("add"), input = document.getElementById("file"), drop = document.getElementById("drop");
const kind = document.getElementById("kind"), look = document.getElementById("look"), keep = document.getElementById("keep");
const said = document.getElementById("said"), preview = document.getElementById("preview");
let file = null;

function choose(chosen) {
  file = chosen;
  if (!file) return;
  document.getElementById("details").hidden = false;
  document.getElementById("chosen").textContent = `${file.name}, ${(file.size / 1e6).toLocaleString("en", { maximumFractionDigits: 1 })} MB`;
  const symbol = document.getElementById("symbol"), found = /[A-Za-z]{6}|[A-Z]{3,5}\d{0,3}/.exec(file.name);
  if (!symbol.value && found) symbol.value = found[0].toUpperCase();
  const isReport = /\.(html?|xml|xlsx|json)$/i.test(file.name);
  kind.value = isReport ? "report" : /optimi/i.test(file.name) ? "passes" : "bars";
  settle();
  if (kind.value === "bars" && symbol.value) send(true); else symbol.focus();
}
function settle() {
  const isBars = kind.value === "bars";
  form.querySelectorAll("[data-for]").forEach((part) => { part.hidden = part.dataset.for !== kind.value; });
  look.hidden = !isBars;
  keep.hidden = isBars;
  preview.replaceChildren();
  said.textContent = "";
}
async function send(isLook) {
  const data = new FormData();
  data.append("file", file);
  if (kind.value === "bars") {
    data.append("symbol", document.getElementById("symbol").value.trim());
    for (const [field, value] of Object.entries(valuesOf(form).import ?? {})) data.append(field, value);
  }
  const where = isLook ? "/do/look/datasets" : { bars: "/do/datasets", report: "/do/backtests/import", passes: "/do/optimize/import" }[kind.value];
  said.textContent = "";
  for (const button of [look, keep]) button.disabled = true;
  try {
    const answer = await ask(where, { method: "POST", body: data, headers: isLook ? { Accept: "text/html" } : {} });
    if (isLook) {
      preview.innerHTML = await answer.text();
      keep.hidden = false;
    } else {
      const made = await answer.json();
      location.href = kind.value === "bars" ? `/data/${made.id}` : kind.value === "report" ? "/backtests" : "/";
    }
  } catch (error) {
    said.textContent = error.message;
    keep.hidden = kind.value === "bars";
    notice("Nothing was kept.", true);
  }
  for (const button of [look, keep]) button.disabled = false;
}
if (form) {
  input.addEventListener("change", () => choose(input.files[0]));
  for (const name of ["dragenter", "dragover"]) drop.addEventListener(name, (event) => { event.preventDefault(); drop.classList.add("over"); });
  for (const name of ["dragleave", "drop"]) drop.addEventListener(name, () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => { event.preventDefault(); choose(event.dataTransfer.files[0]); });
  kind.addEventListener("change", settle);
  form.addEventListener("submit", (event) => { event.preventDefault(); if (file) send(kind.value === "bars"); });
  keep.addEventListener("click", () => send(false));
  form.addEventListener("input", (event) => { if (event.target.matches("[data-field], #symbol")) keep.hidden = true; });
}
