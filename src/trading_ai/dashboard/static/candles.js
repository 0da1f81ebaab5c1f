// Candles with entries and exits: what is in view is asked for in as many candles as can be seen, whatever the number of bars.
import { ask, isDark, notice } from "./page.js";
import { TradeLines } from "./trade_lines.js";

const box = document.getElementById("candles"), said = document.getElementById("candles-said");
const colours = () => (isDark()
  ? { paper: "#14181d", ink: "#9fabb7", grid: "#2c343d", up: "#14181d", down: "#66717d", line: "#9fabb7", win: "#4cc39b", loss: "#f2935c", long: "#4aa3df", short: "#d17fd1" }
  : { paper: "#ffffff", ink: "#5b6773", grid: "#e6e9ee", up: "#ffffff", down: "#9aa5b1", line: "#5b6773", win: "#009E73", loss: "#D55E00", long: "#0072B2", short: "#AA4499" });
const lines = new TradeLines(), levels = {}, notes = document.getElementById("levels-said");
let chart, series, marks, held = null, asking = null, waiting = 0, isSetting = false;

function look() {
  const c = colours();
  chart.applyOptions({ layout: { background: { color: c.paper }, textColor: c.ink, attributionLogo: true }, grid: { vertLines: { color: c.grid }, horzLines: { color: c.grid } }, rightPriceScale: { borderColor: c.grid }, timeScale: { borderColor: c.grid } });
  // Candles stay neutral: colour belongs to the trades.
  series.applyOptions({ upColor: c.up, downColor: c.down, borderUpColor: c.line, borderDownColor: c.line, wickUpColor: c.line, wickDownColor: c.line });
  if (held) mark();
}
// What the checks of an import found, at its time.
const found = JSON.parse(document.getElementById("found")?.textContent ?? "[]").map((each) => ({ ...each, at: Date.parse(`${each.at.slice(0, 19)}Z`) / 1000 })).sort((a, b) => a.at - b.at);
const LOOKS = { hole: ["square", "belowBar"], jump: ["arrowDown", "aboveBar"], spike: ["circle", "aboveBar"] };
function markFound(c, list) {
  const first = held.time[0], last = held.time.at(-1), seen = found.filter((each) => each.at >= first && each.at <= last + 1);
  let k = 0;
  for (const each of seen) {
    while (k + 1 < held.time.length && held.time[k + 1] <= each.at) k += 1;
    const [shape, position] = LOOKS[each.kind];
    list.push({ time: held.time[k], position, shape, color: c.loss, text: seen.length > 30 ? "" : each.text });
  }
}
function mark() {
  const c = colours(), list = [];
  markFound(c, list);
  for (const trade of held.trades) {
    list.push({ time: trade.entry, position: trade.is_long ? "belowBar" : "aboveBar", shape: trade.is_long ? "arrowUp" : "arrowDown", color: trade.is_long ? c.long : c.short, text: held.trades.length > 60 ? "" : `${trade.number} ${trade.is_long ? "long" : "short"}` });
    list.push({ time: trade.exit, position: trade.is_long ? "aboveBar" : "belowBar", shape: trade.net_profit > 0 ? "circle" : "square", color: trade.net_profit > 0 ? c.win : c.loss, text: held.trades.length > 60 ? "" : `${trade.net_profit.toFixed(2)}, ${trade.reason}` });
  }
  list.sort((a, b) => a.time - b.time);
  marks.setMarkers(list);
  lines.set(held, levels, c);
}
/** Stops and targets of trades; the strategy is asked for them, so they come after the candles. */
async function tellLevels(numbers) {
  const unknown = numbers.filter((number) => !(number in levels));
  if (!unknown.length || !box.dataset.levels) return;
  try {
    const found = await (await ask(`${box.dataset.levels}?${unknown.map((number) => `trade=${number}`).join("&")}`)).json();
    Object.assign(levels, found.levels);
    notes.textContent = found.notes.join(" ");
    if (held) mark();
    box.dataset.told = Object.keys(levels).length;
  } catch (error) {
    notes.textContent = error.message;
  }
}
/** The same levels in the table of trades. */
async function fillTable() {
  const rows = [...document.querySelectorAll(".to-chart[data-number]")].map((button) => [button.dataset.number, button.closest("tr")]);
  if (!rows.length) return;
  await tellLevels(rows.map(([number]) => Number(number)));
  const price = (value) => (typeof value === "number" ? value.toFixed(held?.digits ?? 5) : "–");
  for (const [number, row] of rows) {
    row.querySelector(".stop").textContent = price(levels[number]?.stop);
    row.querySelector(".target").textContent = price(levels[number]?.target);
  }
}
/** Show a span of time; a third of it on either side is there to be dragged into view. */
async function show(from, to) {
  asking?.abort();
  asking = new AbortController();
  const wide = from === undefined ? "" : `?from=${Math.floor(from - (to - from) / 3)}&to=${Math.ceil(to + (to - from) / 3)}`;
  try {
    held = await (await ask(box.dataset.address + wide, { signal: asking.signal })).json();
  } catch (error) {
    if (error.name !== "AbortError") notice(error.message, true);
    return;
  }
  isSetting = true;
  series.applyOptions({ priceFormat: { type: "price", precision: held.digits, minMove: 10 ** -held.digits } });
  series.setData(held.time.map((time, i) => ({ time, open: held.open[i], high: held.high[i], low: held.low[i], close: held.close[i] })));
  mark();
  if (from === undefined) chart.timeScale().fitContent(); else chart.timeScale().setVisibleRange({ from: Math.max(from, held.time[0]), to: Math.min(to, held.time.at(-1)) });
  said.textContent = `${held.length} candles, ${held.n_bars.toLocaleString("en")} of ${held.total.toLocaleString("en")} bars${document.querySelector(".to-chart[data-trade]") ? `, ${held.n_trades.toLocaleString("en")} trades` : ""}${held.trades.length < held.n_trades ? ": zoom in to see them" : ""}. Drag to move, turn the wheel or pinch to zoom; the arrow keys and + and - do so too.`;
  box.dataset.length = held.length;
  if (held.trades.length) tellLevels(held.trades.map((trade) => trade.number));
  requestAnimationFrame(() => requestAnimationFrame(() => { isSetting = false; }));
}
/** Ask again where what is in view is coarser than it could be, or ends. */
function moved() {
  if (isSetting || !held) return;
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    const range = chart.timeScale().getVisibleRange();
    if (!range) return;
    const first = held.time[0], last = held.time.at(-1), shown = held.time.filter((time) => time >= range.from && time <= range.to).length;
    const couldBeFiner = held.n_bars > held.time.length && shown < held.time.length / 3;
    const ends = (range.from <= first && first > held.span[0]) || (range.to >= last && last < held.span[1]);
    if (couldBeFiner || ends) show(range.from, range.to);
  }, 120);
}
if (box && globalThis.LightweightCharts) {
  const { createChart, createSeriesMarkers, CandlestickSeries } = LightweightCharts;
  chart = createChart(box, { autoSize: true, timeScale: { timeVisible: true, secondsVisible: false, minBarSpacing: 0.2 }, crosshair: { mode: 0 } });
  series = chart.addSeries(CandlestickSeries, { priceLineVisible: false, lastValueVisible: false });
  marks = createSeriesMarkers(series, []);
  series.attachPrimitive(lines);
  look();
  document.addEventListener("theme", look);
  document.addEventListener("paper", () => {
    look();
    const picture = chart.takeScreenshot();
    picture.className = "on-paper";
    box.after(picture);
  });
  document.addEventListener("screen", () => { look(); document.querySelectorAll("canvas.on-paper").forEach((picture) => picture.remove()); });
  chart.timeScale().subscribeVisibleLogicalRangeChange(moved);
  box.addEventListener("keydown", (event) => {
    const scale = chart.timeScale(), range = scale.getVisibleLogicalRange();
    if (!range) return;
    const width = range.to - range.from, step = { ArrowLeft: -0.2, ArrowRight: 0.2 }[event.key], zoom = { "+": -0.2, "=": -0.2, "-": 0.25 }[event.key];
    if (step) scale.setVisibleLogicalRange({ from: range.from + step * width, to: range.to + step * width });
    else if (zoom) scale.setVisibleLogicalRange({ from: range.from - zoom * width, to: range.to + zoom * width });
    else return;
    event.preventDefault();
  });
  document.querySelector(".trades")?.addEventListener("click", (event) => {
    const button = event.target.closest(".to-chart");
    if (!button) return;
    const from = Date.parse(button.dataset.at) / 1000, to = Date.parse(button.dataset.until) / 1000, more = Math.max(to - from, 86400);
    show(from - more, to + more).then(() => { box.scrollIntoView({ block: "center" }); box.focus({ preventScroll: true }); });
  });
  // As it opens, the last weeks: of all bars at once one sees a line.
  show().then(() => {
    fillTable();
    if (!held || held.total < 400) return undefined;
    const [first, last] = held.span, share = Math.max(220 / held.total, Math.min(0.05, 600 / held.total));
    return show(last - (last - first) * share, last);
  });
}
