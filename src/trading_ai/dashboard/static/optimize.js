// The form of a search: says its size as one types, and starts it.
import { notice, send } from "./page.js";
import { mark, plain, valuesOf } from "./fields.js";

const form = document.getElementById("search");
const count = document.getElementById("count"), more = document.getElementById("count-more");
const start = document.getElementById("start");
const key = crypto.randomUUID?.() ?? String(Math.random());
let body = null, waiting = 0, stop = null;

function space() {
  return Array.from(form.querySelectorAll("[data-parameter]")).filter((row) => row.querySelector(".use").checked).map((row) => {
    const name = row.dataset.parameter, at = (part) => row.querySelector(part)?.value ?? "";
    if (row.querySelector(".value")) return { name, values: Array.from(row.querySelectorAll(".value:checked"), (box) => plain(box.value)) };
    if (row.querySelector(".list")) return { name, values: at(".list").split(",").map((text) => plain(text.trim())) };
    // What is empty is not given, which the server says at its field; as a number it would be zero.
    const given = [["min_value", ".low"], ["max_value", ".high"], ["step", ".step"]].filter(([, part]) => at(part).trim() !== "");
    return { name, ...Object.fromEntries(given.map(([end, part]) => [end, Number(at(part))])) };
  });
}
const asked = (parameters) => ({ backtest_id: form.dataset.backtest, parameters, ...valuesOf(form).optimization });
async function look() {
  stop?.abort();
  stop = new AbortController();
  const parameters = space();
  form.querySelectorAll("[data-parameter]").forEach((row) => row.classList.toggle("on", row.querySelector(".use").checked));
  const method = document.getElementById("method").selectedOptions[0];
  document.getElementById("method-help").textContent = method.dataset.help;
  if (!parameters.length) {
    body = null;
    count.innerHTML = "<b>Nothing is searched yet.</b> Tick a parameter.";
    more.textContent = "";
    if (start) start.disabled = true;
    return;
  }
  if (!body) count.textContent = "Counting …";
  body = asked(parameters);
  try {
    const found = await send("/do/optimize/count", body, { signal: stop.signal });
    if (found.detail) throw Object.assign(new Error(found.detail), { told: found });
    mark(form, null);
    count.replaceChildren(Object.assign(document.createElement("b"), { textContent: `${found.n_trials.toLocaleString("en")} combinations` }), found.time ? `, ${found.time}` : "");
    more.textContent = [found.sizes.includes("x") ? `${found.sizes} = ${found.n_combinations.toLocaleString("en")}` : "",
      found.left_out ? `${found.left_out.toLocaleString("en")} break a condition and are left out` : "", ...(found.notes ?? [])].filter(Boolean).join("; ");
    if (start) start.disabled = false;
  } catch (error) {
    if (error.name === "AbortError") return;
    mark(form, error);
    count.replaceChildren(Object.assign(document.createElement("span"), { className: "wrong", textContent: error.message }));
    more.textContent = "";
    if (start) start.disabled = true;
  }
}
if (form) {
  // Whoever changes a range wants it to be searched.
  form.addEventListener("input", (event) => {
    const row = event.target.closest("[data-parameter]");
    if (row && !event.target.matches(".use")) row.querySelector(".use").checked = true;
    clearTimeout(waiting);
    waiting = setTimeout(look, 250);
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!body || start.disabled) return;
    start.disabled = true;
    try {
      const begun = await send("/do/optimize", asked(space()), { headers: { "Content-Type": "application/json", "Idempotency-Key": key } });
      location.href = `/optimizations/${begun.optimization_id}`;
    } catch (error) {
      mark(form, error)?.focus();
      notice(error.message, true);
      start.disabled = false;
    }
  });
  look();
}
