// Files: dropped or chosen, looked at, then kept.
import { ask, notice } from "./page.js";
import { valuesOf } from "./fields.js";

const form = document.getElementById("add"), input = document.getElementById("file"), drop = document.getElementById("drop");
const kind = document.getElementById("kind"), look = document.getElementById("look"), keep = document.getElementById("keep");
const said = document.getElementById("said"), preview = document.getElementById("preview"), symbol = document.getElementById("symbol");
const PATHS = { bars: "/datasets", report: "/backtests/import", passes: "/optimize/import" };
const GROUPS = { bars: "import", report: "report" };
let files = [], asking = null;

function choose(chosen) {
  if (!chosen.length) return;
  files = [...chosen];
  document.getElementById("details").hidden = false;
  const bytes = files.reduce((sum, file) => sum + file.size, 0), size = bytes < 1e5 ? [bytes / 1e3, "kB"] : [bytes / 1e6, "MB"];
  document.getElementById("chosen").textContent = `${files.map((file) => file.name).slice(0, 5).join(", ")}${files.length > 5 ? ` and ${files.length - 5} more` : ""}, ${size[0].toLocaleString("en", { maximumFractionDigits: 1 })} ${size[1]}`;
  const found = /[A-Za-z]{6}|[A-Z]{3,5}\d{0,3}/.exec(files[0].name), names = files.map((file) => file.name).join("\n");
  if (!symbol.value && found) symbol.value = found[0].toUpperCase();
  const isPasses = /optimi|hyperopt|\.(opt|fthypt)$/im.test(names);
  kind.value = isPasses ? "passes" : /\.(html?|xml|xlsx|json|cbotset)$/im.test(names) || /trade|deal|report|backtest/i.test(names) ? "report" : "bars";
  begin();
}
/** What belongs to the kind of file, and a look at it as soon as that can be had. */
function begin() {
  form.querySelectorAll("[data-for]").forEach((part) => { part.hidden = !part.dataset.for.split(" ").includes(kind.value); });
  forget();
  if (kind.value !== "bars" || symbol.value) send(true); else symbol.focus();
}
function forget() {
  asking?.abort();
  keep.hidden = true;
  preview.replaceChildren();
  said.textContent = "";
}
async function send(isLook) {
  const what = kind.value, data = new FormData();
  for (const file of what === "bars" ? files.slice(0, 1) : files) data.append("file", file);
  if (what === "bars") data.append("symbol", symbol.value.trim());
  else if (!isLook) data.append("name", document.getElementById("kept-name").value.trim());
  for (const [field, value] of Object.entries(valuesOf(form)[GROUPS[what]] ?? {})) for (const each of [value].flat()) data.append(field, each);
  said.textContent = "";
  asking?.abort();
  const stop = asking = new AbortController();
  look.disabled = keep.disabled = true;
  form.setAttribute("aria-busy", "true");
  try {
    const answer = await ask(`/do${isLook ? "/look" : ""}${PATHS[what]}`, { method: "POST", body: data, headers: isLook ? { Accept: "text/html" } : {}, signal: stop.signal });
    if (isLook) {
      preview.innerHTML = await answer.text();
      keep.hidden = false;
    } else {
      const made = await answer.json(), first = made.imported?.[0], alone = made.imported?.length === 1;
      if (what === "bars") location.href = `/data/${made.id}`;
      else if (what === "report") location.href = alone ? `/backtests/${first.backtest.id}` : "/backtests";
      else location.href = alone ? `/optimizations/${first.id}` : "/";
      return;
    }
  } catch (error) {
    if (error.name === "AbortError") return;
    said.textContent = error.message;
    notice("Nothing was kept.", true);
  } finally {
    if (asking === stop) { look.disabled = keep.disabled = false; form.removeAttribute("aria-busy"); }
  }
}
if (form) {
  input.addEventListener("change", () => choose(input.files));
  for (const name of ["dragenter", "dragover"]) drop.addEventListener(name, (event) => { event.preventDefault(); drop.classList.add("over"); });
  for (const name of ["dragleave", "drop"]) drop.addEventListener(name, () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => { event.preventDefault(); choose(event.dataTransfer.files); });
  kind.addEventListener("change", begin);
  form.addEventListener("submit", (event) => { event.preventDefault(); if (files.length) send(true); });
  keep.addEventListener("click", () => send(false));
  // What was looked at is what is kept: after a change there is another look first.
  form.addEventListener("input", (event) => { if (event.target.matches("[data-field], #symbol")) keep.hidden = true; });
}
