// The form of a backtest: sent as the API takes it.
import { notice, send } from "./page.js";
import { mark, plain, valuesOf } from "./fields.js";

const form = document.getElementById("backtest"), run = document.getElementById("run");
document.getElementById("strategy")?.addEventListener("change", (event) => event.target.form.requestSubmit());
form?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const { backtest, ...groups } = valuesOf(form), parameters = {};
  form.querySelectorAll("[data-parameter-value]").forEach((input) => {
    const text = input.type === "checkbox" ? String(input.checked) : input.value;
    if (text !== "") parameters[input.dataset.parameterValue] = plain(text);
  });
  run.disabled = true;
  document.getElementById("said").textContent = "It runs …";
  try {
    const made = await send("/do/backtests", { ...backtest, ...groups, strategy: form.dataset.strategy, parameters });
    location.href = `/backtests/${made.id}`;
  } catch (error) {
    mark(form, error)?.focus();
    document.getElementById("said").textContent = error.message;
    notice(error.message, true);
    run.disabled = false;
  }
});
