"use strict";
// Before anything is painted: the theme that was chosen here, or else the system's.
try {
  const chosen = localStorage.getItem("theme");
  if (chosen === "dark" || chosen === "light") document.documentElement.dataset.theme = chosen;
} catch { /* a browser that keeps nothing has the system's theme */ }
