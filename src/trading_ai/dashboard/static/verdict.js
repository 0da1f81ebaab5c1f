// The verdict: asked for when the page is there, as it takes seconds.
import { ask } from "./page.js";
import { show } from "./plots.js";

const study = document.getElementById("study");
function draw() {
  study.querySelectorAll("#study-figures figure").forEach((figure) => {
    show(figure.querySelector(".plot"), JSON.parse(figure.querySelector("script").textContent));
  });
}
function listen() {
  const stress = study.querySelector(".stress");
  stress?.querySelector("input").addEventListener("input", (event) => {
    const { trades, profit, currency } = stress.dataset, cost = Number(event.target.value);
    const form = (value) => `${value.toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 })} ${currency}`;
    const left = Number(profit) - Number(trades) * cost;
    document.getElementById("stress-cost-value").textContent = form(cost);
    document.getElementById("stress-result").textContent = `Net profit ${form(left)} over ${Number(trades).toLocaleString("en")} trades${left > 0 ? "" : ": a loss"}.`;
    event.target.setAttribute("aria-valuetext", form(cost));
  });
  // Each measure that was changed is a threshold of the address.
  study.querySelector("#criteria")?.addEventListener("submit", (event) => {
    event.target.querySelectorAll("[data-threshold]").forEach((input) => {
      if (!input.value) return;
      const hidden = document.createElement("input");
      Object.assign(hidden, { type: "hidden", name: "threshold", value: `${input.dataset.threshold}=${input.value}` });
      event.target.append(hidden);
    });
  });
}
if (!study.querySelector("[data-nothing]")) {
  try {
    study.innerHTML = await (await ask(study.dataset.address, { headers: { Accept: "text/html" } })).text();
    listen();
    draw();
  } catch (error) {
    const line = document.createElement("p");
    line.className = "caution";
    line.textContent = error.message;
    study.replaceChildren(line);
  }
}
study.setAttribute("aria-busy", "false");
