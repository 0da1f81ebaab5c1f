// Figures: made by the server as the report's are, drawn when they come into view, again when the theme or the data change.
import { ask, isDark } from "./page.js";

const dark = JSON.parse(document.getElementById("dark-colours").textContent);
const config = { responsive: true, displaylogo: false, displayModeBar: "hover", scrollZoom: false,
  modeBarButtonsToRemove: ["select2d", "lasso2d", "toImage"] };
const given = new Map(), asked = new Map();

/** The same figure on a dark page: papers, inks and grids have a twin each, the colours of data stay. */
function coloured(figure) {
  if (!isDark()) return structuredClone(figure);
  return JSON.parse(JSON.stringify(figure).replace(/("\w+":)"(#[0-9a-fA-F]{3,6}|rgba\([^"]*\))"/g,
    (whole, key, colour) => (dark[colour.toLowerCase()] ? `${key}"${dark[colour.toLowerCase()]}"` : whole)));
}

/** A phone has no room for colour bars at the side or many ticks. */
function fitted(figure, width) {
  if (width >= 600) return figure;
  const layout = figure.layout;
  layout.margin = { ...layout.margin, l: 44, r: 8 };
  layout.legend = { ...layout.legend, font: { size: 11 } };
  const below = { orientation: "h", thickness: 12, x: 0.5, xanchor: "center", y: -0.16, yanchor: "top", len: 0.9 };
  const lay = (bar) => ({ ...bar, ...below, title: { ...bar.title, side: "bottom" } });
  figure.data = figure.data.map((trace) => ({ ...trace, ...(trace.colorbar && { colorbar: lay(trace.colorbar) }),
    ...(trace.marker?.colorbar && { marker: { ...trace.marker, colorbar: lay(trace.marker.colorbar) } }) }));
  const axis = layout.xaxis || {};
  if (axis.tickmode === "array" && (axis.tickvals || []).length > 4) layout.xaxis = { ...axis, tickangle: -40 };
  return figure;
}

const plain = (text) => { const box = document.createElement("textarea"); box.innerHTML = text || ""; return box.value; };

// --- on paper: drawn as wide as a sheet is, and then as large as that sheet turns out to be
const SHEET = 740;
let isPrinted = false;
const sheetWidth = (div) => (div.closest(".columns.three") ? 290 : div.closest(".split") ? 380 : SHEET);
/** Let a figure grow and shrink with its sheet, or stop that. */
function scale(div, { width, height }) {
  div.querySelectorAll(".main-svg").forEach((svg) => {
    if (isPrinted) svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    else svg.removeAttribute("viewBox");
  });
}

function draw(div) {
  const width = isPrinted ? sheetWidth(div) : div.clientWidth, figure = fitted(coloured(given.get(div)), width);
  if (isPrinted) figure.layout.width = width;
  const caption = div.closest("figure")?.querySelector("figcaption");
  const title = plain(figure.layout.title?.text), more = plain(figure.layout.title?.subtitle?.text);
  if (caption) {
    caption.querySelector("b").textContent = title;
    caption.querySelector("span").textContent = more;
    figure.layout.title = undefined;
    figure.layout.margin = { ...figure.layout.margin, t: 28 };
  }
  div.setAttribute("aria-label", [title, more].filter(Boolean).join(". "));
  div.style.height = `${figure.layout.height || div.dataset.height || 440}px`;
  div.classList.remove("waiting");
  const drawn = Plotly.react(div, figure.data, figure.layout, config);
  scale(div, div._fullLayout);
  return drawn.then(() => div.dispatchEvent(new Event("drawn")));
}

/** Ask for a figure and draw it; while another answer is on its way, the newer question counts. */
export async function load(div) {
  asked.get(div)?.abort();
  const stop = new AbortController();
  asked.set(div, stop);
  try {
    const figure = await (await ask(div.dataset.figure, { signal: stop.signal })).json();
    given.set(div, figure);
    await draw(div);
  } catch (error) {
    if (error.name === "AbortError") return;
    div.classList.remove("waiting");
    const line = document.createElement("p");
    line.className = "wrong";
    line.textContent = error.message;
    if (globalThis.Plotly) Plotly.purge(div);
    div.replaceChildren(line);
  } finally {
    div.dataset.loaded = "true";
  }
}

const watcher = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    if (entry.isIntersecting && !entry.target.dataset.loaded) {
      entry.target.dataset.loaded = "asked";
      load(entry.target);
    }
  }
}, { rootMargin: "300px 0px" });

/** Draw the figures of a part of the page, each when it comes into view. */
export function watch(part = document) {
  part.querySelectorAll("[data-figure]").forEach((div) => watcher.observe(div));
}

/** Ask again for those figures that somebody has seen. */
export function refresh(part = document) {
  part.querySelectorAll("[data-figure]").forEach((div) => { if (given.has(div)) load(div); });
}

/** Show a figure that came with something else. */
export function show(div, figure) {
  given.set(div, figure);
  return draw(div);
}

const drawAll = () => given.forEach((_, div) => { if (div.isConnected) draw(div); else given.delete(div); });
document.addEventListener("theme", drawAll);
document.addEventListener("paper", () => { isPrinted = true; drawAll(); });
document.addEventListener("screen", () => {
  isPrinted = false;
  drawAll();
  // The width of the sheet is not forgotten by drawing alone, and that of the screen is known when it is laid out again.
  setTimeout(() => given.forEach((_, div) => { if (div.isConnected && div.clientWidth && div.data) Plotly.Plots.resize(div); }), 100);
});
let resizing = 0;
addEventListener("resize", () => {
  clearTimeout(resizing);
  if (!isPrinted) resizing = setTimeout(() => given.forEach((_, div) => { if (div.isConnected && div.clientWidth) draw(div); }), 200);
});
watch();
/** A page can be printed whole once it has stood for a moment: figures out of view are drawn too, one after the other. */
async function drawRest() {
  if (document.querySelector("[data-status=running]")) return; // they change all the time, and are many to ask for
  for (const div of document.querySelectorAll("[data-figure]")) {
    if (div.dataset.loaded || !div.clientWidth) continue;
    div.dataset.loaded = "asked";
    await load(div);
  }
}
addEventListener("load", () => setTimeout(drawRest, 1500));
