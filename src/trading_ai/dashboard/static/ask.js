// Questions in plain language: on their page, and in the panel beside any other, which knows what that one is about.
import { notice, send } from "./page.js";

const make = (name, text, kind) => { const made = document.createElement(name); if (text !== undefined) made.textContent = text; if (kind) made.className = kind; return made; };

function answered(told, question, again) {
  const box = make("article", undefined, `answer ${told.status}`);
  box.append(make("h3", question));
  for (const line of told.statements.length ? told.statements : [{ text: told.answer }]) box.append(make("p", line.text));
  if (told.assumptions.length) box.append(make("p", `Taken for granted: ${told.assumptions.join("; ")}.`, "hint"));
  for (const choice of told.choices) {
    const button = make("button", choice);
    button.type = "button";
    button.addEventListener("click", () => again(choice));
    box.append(button, " ");
  }
  if (told.citations.length) {
    const more = make("details", undefined, "more");
    more.append(make("summary", told.citations.length === 1 ? "The query behind it" : `The ${told.citations.length} queries behind it`));
    for (const cited of told.citations) {
      const link = make("a", "Open in SQL");
      link.href = `/sql?q=${encodeURIComponent(cited.sql)}`;
      more.append(make("pre", cited.sql), link);
    }
    box.append(more);
  }
  return box;
}
document.querySelectorAll("form[data-ask]").forEach((form) => {
  const answers = form.parentElement.querySelector(".answers"), input = form.elements.question;
  let conversation = "";
  async function put(question) {
    const button = form.querySelector("button");
    button.disabled = true;
    try {
      const told = await send("/do/ask", { question, conversation, context: form.dataset.ask || "" });
      conversation = told.conversation;
      answers.prepend(answered(told, question, put));
      input.value = "";
    } catch (error) {
      notice(error.message, true);
    }
    button.disabled = false;
    input.focus();
  }
  form.addEventListener("submit", (event) => { event.preventDefault(); if (input.value.trim()) put(input.value.trim()); });
  if (input.value.trim()) put(input.value.trim());
});
const panel = document.getElementById("ask-panel"), open = document.getElementById("open-ask");
if (panel) {
  const close = () => { panel.hidden = true; open.setAttribute("aria-expanded", "false"); open.focus(); };
  open.addEventListener("click", () => {
    panel.hidden = !panel.hidden;
    open.setAttribute("aria-expanded", String(!panel.hidden));
    if (!panel.hidden) panel.querySelector("input").focus();
  });
  panel.querySelector("[data-close]").addEventListener("click", close);
  panel.addEventListener("keydown", (event) => { if (event.key === "Escape") close(); });
}
