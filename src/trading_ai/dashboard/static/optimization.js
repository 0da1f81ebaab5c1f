// The page of an optimization: follows it, changes the map, and turns the pages of its table in place.
import { ask, notice, replace } from "./page.js";
import { Brush } from "./brush.js";
import { load, refresh, watch } from "./plots.js";

const status = document.getElementById("status");
const where = `/optimizations/${status.dataset.id}`;
const results = document.getElementById("results");

// --- the table: its links and its filter change the address and nothing else of the page
const trials = document.getElementById("trials"), STATE = ["sort", "where", "offset", "pin", "columns"];
let turning = null;
/** Show the table of the state in the address. */
async function turn() {
  turning?.abort();
  turning = new AbortController();
  try {
    const options = { headers: { Accept: "text/html" }, signal: turning.signal };
    const html = await (await ask(`${where}/parts/trials${location.search}`, options)).text();
    replace(trials, html);
    watch(trials);
  } catch (error) {
    if (error.name !== "AbortError") notice(error.message, true);
  }
}
function goTo(pairs) {
  const url = new URL(location.href);
  for (const key of STATE) url.searchParams.delete(key);
  for (const [key, value] of pairs) if (value) url.searchParams.append(key, value);
  history.pushState(null, "", url);
  drawLines();
  return turn();
}
trials.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-in-place]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  if (!link.dataset.index) { goTo(new URLSearchParams(link.getAttribute("href").slice(1))); return; }
  // Pins are kept in the address: two clicks in a row count both, however slow the answer to the first.
  const state = [...new URL(location.href).searchParams].filter(([key]) => STATE.includes(key));
  const others = state.filter(([key, value]) => !(key === "pin" && value === link.dataset.index));
  const on = others.length === state.length;
  link.setAttribute("aria-pressed", String(on));
  link.textContent = on ? "●" : "○";
  goTo(on ? [...others, ["pin", link.dataset.index]] : others);
});
trials.addEventListener("keydown", (event) => {
  if (event.key === " " && event.target.matches("a.pin")) { event.preventDefault(); event.target.click(); }
});
trials.addEventListener("submit", (event) => {
  event.preventDefault();
  const data = new FormData(event.target), boxes = Array.from(event.target.querySelectorAll("[name=columns]"));
  const isUsual = boxes.every((box) => box.checked === box.defaultChecked);
  if (isUsual && !new URL(location.href).searchParams.has("columns")) data.delete("columns");
  goTo(new URLSearchParams(data));
});
// --- the lines: an axis that is cut is a condition on the table, and the table's condition is drawn in the lines
const lines = document.getElementById("lines");
const brush = lines && new Brush(lines, (where) => {
  const state = [...new URL(location.href).searchParams].filter(([key]) => STATE.includes(key) && key !== "where" && key !== "offset");
  goTo([...state, ["where", where]]);
});
/** Lines and their handles as the address says. */
function drawLines() {
  if (!lines) return;
  const where = new URL(location.href).searchParams.get("where") ?? "", wanted = `${lines.dataset.address}${where ? `?where=${encodeURIComponent(where)}` : ""}`;
  brush.set(where);
  if (lines.dataset.figure === wanted) return;
  lines.dataset.figure = wanted;
  if (lines.dataset.loaded) load(lines);
}
drawLines();
addEventListener("popstate", () => { turn(); drawLines(); });

// --- the map: what lies on its axes, and where the others are held
const controls = document.getElementById("map-controls"), map = document.getElementById("map");
function mapQuery() {
  const query = new URLSearchParams();
  for (const name of ["x", "y", "metric", "how", "drawn"]) {
    const value = controls.elements[name]?.value;
    if (value && value !== "objective" && !(name === "how" && value === "median")) query.set(name, value);
  }
  controls.querySelectorAll("input[type=range]").forEach((slider) => {
    const values = JSON.parse(slider.dataset.values), at = Number(slider.value);
    const text = at < 0 ? "" : values[at];
    slider.setAttribute("aria-valuetext", text || "all values");
    slider.closest(".field").querySelector("output").textContent = text || "all";
    if (text) query.set(slider.dataset.name, text);
  });
  return query;
}
function drawMap() {
  const query = mapQuery(), url = new URL(location.href);
  for (const key of [...url.searchParams.keys()]) {
    if (["x", "y", "metric", "how", "drawn"].includes(key) || key.startsWith("at.")) url.searchParams.delete(key);
  }
  for (const [key, value] of query) url.searchParams.set(key, value);
  history.replaceState(null, "", url);
  map.dataset.figure = `${where}/figures/map?${query}`;
  if (map.dataset.loaded) load(map);
}
/** What lies on an axis is not held. */
function hideAxes() {
  const axes = map.layout?.meta?.axes ?? [];
  controls.querySelectorAll(".held").forEach((field) => { field.hidden = axes.includes(field.dataset.axis); });
}
/** Whether this browser draws in space; the flat map shows the same numbers where it does not. */
function drawsInSpace() {
  try { return Boolean(document.createElement("canvas").getContext("webgl")); } catch { return false; }
}
if (controls) {
  const drawn = controls.elements.drawn;
  if (drawn && !drawsInSpace()) {
    drawn.value = "";
    drawn.querySelector("[value=surface]").disabled = true;
    drawn.querySelector("[value=surface]").textContent += " (this browser has no WebGL)";
  }
  controls.addEventListener("submit", (event) => event.preventDefault());
  let waiting = 0;
  controls.addEventListener("input", () => { mapQuery(); clearTimeout(waiting); waiting = setTimeout(drawMap, 120); });
  map.dataset.figure = `${where}/figures/map?${mapQuery()}`;
  map.addEventListener("drawn", hideAxes);
}

// --- follow it: the events say when, the server says what
let drawnAt = 0, pending = 0;
async function look(force = false) {
  if (document.hidden && !force) return;
  try {
    replace(status, await (await ask(`${where}/parts/status`, { headers: { Accept: "text/html" } })).text());
    const wait = force ? 0 : Math.max(0, drawnAt + 3000 - Date.now());
    clearTimeout(pending);
    pending = setTimeout(() => {
      drawnAt = Date.now();
      document.getElementById("nothing-yet")?.remove();
      if (results.hidden) { results.hidden = false; turn(); } else if (!trials.contains(document.activeElement)) turn();
      refresh(results);
    }, wait);
  } catch (error) {
    notice(error.message, true);
  }
}
function follow() {
  const events = new EventSource(`${where}/events`);
  let isLost = false;
  events.addEventListener("progress", () => { isLost = false; look(); });
  events.addEventListener("end", () => { events.close(); look(true).then(() => notice("It has ended.")); setTimeout(() => location.reload(), 2500); });
  events.addEventListener("error", () => {
    if (events.readyState === EventSource.CLOSED) { location.reload(); return; } // the session is over, or it was deleted
    if (!isLost) notice("The server does not answer; this page goes on when it does.", true);
    isLost = true;
  });
}
if (status.dataset.status === "running") follow();
