// Fields made from the table of options: what differs from the default is sent, in the words of the API.

/** Values of the fields of a form, by group: { optimization: {...}, costs: {...} }. */
export function valuesOf(form) {
  const groups = {};
  for (const input of form.querySelectorAll("[data-field]")) {
    const { field, group, kind } = input.dataset;
    let value;
    if (kind === "yes_no") {
      if (input.checked === input.defaultChecked) continue;
      value = input.checked;
    } else if (kind === "choice") {
      value = input.value;
    } else if (kind === "texts") {
      value = input.value.split("\n").map((line) => line.trim()).filter(Boolean);
      if (!value.length) continue;
    } else {
      if (input.value.trim() === "") continue;
      value = kind === "number" || kind === "whole" ? Number(input.value) : input.value.trim();
    }
    (groups[group] ??= {})[field] = value;
  }
  return groups;
}

/** Mark the fields that an error is about; returns whether there are any. */
export function mark(form, error) {
  form.querySelectorAll("[aria-invalid]").forEach((input) => input.removeAttribute("aria-invalid"));
  let first = null;
  for (const { field } of error?.told?.errors ?? []) {
    const name = String(field ?? "").split(".").pop(), holder = String(field ?? "").split(".")[0];
    const input = form.querySelector(`[data-field="${CSS.escape(name)}"], [data-parameter="${CSS.escape(name)}"] input:not(.use), [data-parameter="${CSS.escape(holder)}"] input:not(.use)`);
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
