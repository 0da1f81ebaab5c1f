// Fields made from the table of options, in the words of the API: what is left empty is left out, and a box is sent where it
// differs from the option's own default, which is not what the page began with where that was an earlier run's value.

/** Values of the fields of a form, by group: { optimization: {...}, costs: {...} }. */
export function valuesOf(form) {
  const groups = {};
  for (const input of form.querySelectorAll("[data-field]")) {
    const { field, group, kind } = input.dataset;
    let value;
    if (input.type === "checkbox") {
      if (String(input.checked) === input.dataset.default) continue;
      value = input.checked;
    } else if (input.value.trim() === "") {
      continue;
    } else if (kind === "yes_no") {
      value = input.value === "true";
    } else if (kind === "choice") {
      value = input.value;
    } else if (kind === "texts") {
      value = input.value.split("\n").map((line) => line.trim()).filter(Boolean);
    } else {
      value = kind === "number" || kind === "whole" ? Number(input.value) : input.value.trim();
    }
    (groups[group] ??= {})[field] = value;
  }
  return groups;
}

const ENDS = { min_value: ".low", max_value: ".high", step: ".step" };

/** Mark the fields that an error is about; returns whether there are any. */
export function mark(form, error) {
  form.querySelectorAll("[aria-invalid]").forEach((input) => input.removeAttribute("aria-invalid"));
  let first = null;
  for (const { field } of error?.told?.errors ?? []) {
    const name = String(field ?? "").split(".").pop(), holder = String(field ?? "").split(".")[0];
    const end = ENDS[name] && form.querySelector(`[data-parameter="${CSS.escape(holder)}"] ${ENDS[name]}`);
    const input = end || form.querySelector(`[data-field="${CSS.escape(name)}"], [data-parameter="${CSS.escape(name)}"] input:not(.use), [data-parameter="${CSS.escape(holder)}"] input:not(.use)`);
    if (!input) continue;
    input.setAttribute("aria-invalid", "true");
    first ??= input;
  }
  return first;
}

/** A value as JSON has it: a number, a truth value, or a text. */
export function plain(text) {
  if (text === "true" || text === "false") return text === "true";
  return text.trim() !== "" && !Number.isNaN(Number(text)) ? Number(text) : text;
}
