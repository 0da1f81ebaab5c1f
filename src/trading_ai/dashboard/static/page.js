// What every page has: the theme, the menu, the palette, parts that stay current, notices.
const root = document.documentElement;
const csrf = () => document.querySelector('meta[name="csrf"]').content;

/** Say something that passes: done, or what went wrong and what to do. */
export function notice(text, isBad = false) {
  const line = document.createElement("p");
  // The same again is said again, and not twice.
  document.querySelectorAll("#notices p").forEach((other) => { if (other.textContent === text) other.remove(); });
  line.textContent = text;
  if (isBad) line.className = "bad";
  document.getElementById("notices").append(line);
  setTimeout(() => line.remove(), isBad ? 12000 : 5000);
}

/** Ask our own server for something; an error is an Error that says what to do. */
export async function ask(url, options = {}) {
  const headers = { "X-Part": "1", Accept: "application/json", ...options.headers };
  if (options.method && options.method !== "GET") headers["X-CSRF-Token"] = csrf();
  let answer;
  try {
    answer = await fetch(url, { ...options, headers });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    const lost = new Error("The server does not answer. Is it running? Nothing was done: try again when it does.");
    lost.isLost = true;
    throw lost;
  }
  if (!answer.ok) {
    const told = await answer.json().catch(() => ({}));
    const error = new Error(told.detail || told.title || `The server answered ${answer.status}.`);
    error.told = told;
    throw error;
  }
  return answer;
}

/** Send JSON, get JSON. */
export async function send(url, body, options = {}) {
  const headers = { "Content-Type": "application/json" };
  return (await ask(url, { method: "POST", body: JSON.stringify(body), headers, ...options })).json();
}

// --- theme
const prefersDark = matchMedia("(prefers-color-scheme: dark)");
let isPrinted = false;
/** Whether dark colours are shown; paper is light. */
export const isDark = () => !isPrinted && (root.dataset.theme ? root.dataset.theme === "dark" : prefersDark.matches);
const themeButton = document.getElementById("theme");
function sayTheme() {
  themeButton.textContent = isDark() ? "Light" : "Dark";
  document.dispatchEvent(new Event("theme"));
}
themeButton.addEventListener("click", () => {
  root.dataset.theme = isDark() ? "light" : "dark";
  try { localStorage.setItem("theme", root.dataset.theme); } catch { /* nothing is kept then */ }
  sayTheme();
});
prefersDark.addEventListener("change", sayTheme);
addEventListener("beforeprint", () => { isPrinted = true; document.dispatchEvent(new Event("paper")); });
addEventListener("afterprint", () => { isPrinted = false; document.dispatchEvent(new Event("screen")); });
sayTheme();

// --- menu: always open where there is room
const menu = document.getElementById("menu");
if (menu) {
  const wide = matchMedia("(min-width: 1180px)");
  const settle = () => { menu.open = wide.matches; };
  wide.addEventListener("change", settle);
  settle();
}
// What opens over the page closes by Escape, and when the keyboard or a click goes elsewhere.
const above = () => Array.from(document.querySelectorAll(".choose[open], .menu[open]")).filter((each) => each !== menu || getComputedStyle(each.querySelector("summary")).display !== "none");
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const each of above()) {
    if (!each.contains(document.activeElement)) continue;
    each.open = false;
    each.querySelector("summary").focus();
  }
});
document.addEventListener("focusin", (event) => { for (const each of above()) if (!each.contains(event.target)) each.open = false; });
document.addEventListener("click", (event) => { for (const each of above()) if (!each.contains(event.target)) each.open = false; });

// --- parts of a page that stay current: asked for again while somebody looks
function keepCurrent(part) {
  const every = Number(part.dataset.every || 2) * 1000;
  let last = part.innerHTML.trim(), isLost = false;
  async function look() {
    if (!document.hidden && !part.contains(document.activeElement?.closest("input, select, textarea"))) {
      try {
        const text = (await (await ask(part.dataset.part, { headers: { Accept: "text/html" } })).text()).trim();
        if (isLost) notice("The server is back.");
        isLost = false;
        if (text !== last) replace(part, text);
        last = text;
      } catch (error) {
        if (!isLost) notice(error.isLost ? "The server does not answer. Is it running? This page goes on by itself when it does." : error.message, true);
        isLost = true;
      }
    }
    setTimeout(look, isLost ? every * 2 : every);
  }
  setTimeout(look, every);
}

const REACHED = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']";
/** What an element is called, whatever its address and its arrow: a heading that sorts has another address each time. */
function called(element) {
  const name = element.dataset.index ?? element.getAttribute("aria-label") ?? element.getAttribute("name") ?? element.textContent.replace(/[▾▴]/g, "").trim();
  return [element.tagName, element.form?.getAttribute("action") ?? "", name].join(" ");
}

/** Put new content into a part; what had the focus keeps it, or what stands in its place: the keyboard is never sent to the top. */
export function replace(part, html) {
  const held = part.contains(document.activeElement) ? document.activeElement : null;
  const place = held ? Array.from(part.querySelectorAll(REACHED)).indexOf(held) : -1;
  part.innerHTML = html;
  if (!held) return;
  const all = Array.from(part.querySelectorAll(REACHED)), href = held.getAttribute("href"), name = called(held);
  const next = all.find((each) => called(each) === name && each.getAttribute("href") === href) ?? all.find((each) => called(each) === name)
    ?? all.find((each) => each.tagName === held.tagName && each.className && each.className === held.className) ?? all[Math.min(place, all.length - 1)];
  next?.focus();
  if (next?.matches("input:not([type]), input[type=text]")) next.setSelectionRange(next.value.length, next.value.length);
}
document.querySelectorAll("[data-part]").forEach(keepCurrent);

// --- forms that ask before they do
document.addEventListener("submit", (event) => {
  const question = event.target.dataset?.confirm;
  if (question && !confirm(question)) event.preventDefault();
});

document.addEventListener("change", (event) => { if (event.target.matches("select[data-send]")) event.target.form.requestSubmit(); });

// --- palette: anywhere with the keyboard
const palette = document.getElementById("palette");
if (palette) {
  const text = document.getElementById("palette-text"), list = document.getElementById("palette-list");
  let places = null, shown = [], chosen = 0;
  async function open() {
    if (palette.open) return;
    palette.showModal();
    text.value = "";
    text.focus();
    if (!places) {
      try { places = await (await ask("/parts/places")).json(); } catch (error) { notice(error.message, true); }
    }
    show();
  }
  function show() {
    const words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    shown = (places ?? []).filter((place) => words.every((word) => `${place.name} ${place.kind} ${place.more}`.toLowerCase().includes(word))).slice(0, 50);
    chosen = Math.min(chosen, Math.max(shown.length - 1, 0));
    list.replaceChildren(...shown.map((place, i) => {
      const line = document.createElement("li"), kind = document.createElement("small");
      line.id = `place-${i}`;
      line.setAttribute("role", "option");
      line.setAttribute("aria-selected", String(i === chosen));
      kind.textContent = [place.kind, place.more].filter(Boolean).join(" · ");
      line.append(place.name, kind);
      line.addEventListener("click", () => { location.href = place.address; });
      return line;
    }));
    text.setAttribute("aria-activedescendant", shown.length ? `place-${chosen}` : "");
    list.children[chosen]?.scrollIntoView({ block: "nearest" });
  }
  text.addEventListener("input", () => { chosen = 0; show(); });
  text.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) { chosen = (chosen + step + shown.length) % Math.max(shown.length, 1); show(); event.preventDefault(); }
    if (event.key === "Enter") { if (shown[chosen]) location.href = shown[chosen].address; event.preventDefault(); }
  });
  document.getElementById("open-palette").addEventListener("click", open);
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") { event.preventDefault(); open(); }
  });
}
root.dataset.ready = "true";
