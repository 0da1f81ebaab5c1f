"use strict";
(function () {
  const given = JSON.parse(document.getElementById("data-of-figures").textContent);
  const root = document.documentElement;
  const config = { responsive: true, displaylogo: false, displayModeBar: "hover", scrollZoom: false,
    modeBarButtonsToRemove: ["select2d", "lasso2d", "toImage"] };
  const prefersDark = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : prefersDark.matches);

  // The same figure on a dark page: papers, inks and grids have a twin each, the colours of data stay.
  function coloured(figure) {
    if (!isDark() || root.dataset.printing) return structuredClone(figure);
    const text = JSON.stringify(figure);
    return JSON.parse(text.replace(/("\w+":)"(#[0-9a-fA-F]{3,6}|rgba\([^"]*\))"/g, (whole, key, colour) =>
      (given.dark[colour.toLowerCase()] ? `${key}"${given.dark[colour.toLowerCase()]}"` : whole)));
  }

  // A phone has no room for side colour bars or many ticks: the same figure, laid out for its width.
  function fit(figure, width) {
    const layout = figure.layout;
    const narrow = width < 600;
    layout.margin = Object.assign({}, layout.margin, narrow ? { l: 44, r: 8 } : {});
    const data = figure.data.map((trace) => {
      if (!narrow) return trace;
      const below = { orientation: "h", thickness: 12, x: 0.5, xanchor: "center", y: -0.16, yanchor: "top", len: 0.9 };
      const lay = (bar) => Object.assign({}, bar, below, { title: Object.assign({}, bar.title, { side: "bottom" }) });
      const copy = Object.assign({}, trace);
      if (trace.colorbar) copy.colorbar = lay(trace.colorbar);
      if (trace.marker && trace.marker.colorbar) {
        copy.marker = Object.assign({}, trace.marker, { colorbar: lay(trace.marker.colorbar) });
      }
      return copy;
    });
    if (narrow) {
      const axis = layout.xaxis || {};
      if (axis.type === "category" && axis.rangeslider) {
        const end = axis.range[1], start = Math.max(axis.range[0], end - 80);
        layout.xaxis = Object.assign(axis, { nticks: 2, range: [start, end] });
      }
      if (axis.tickmode === "array" && (axis.tickvals || []).length > 4) {
        layout.xaxis = Object.assign(axis, { tickangle: -40 });
      }
      layout.legend = Object.assign({}, layout.legend, { font: { size: 11 } });
    }
    return { data: data, layout: layout };
  }

  // Candles: the price axis follows the candles in view, which Plotly does not do by itself.
  function follow(div) {
    const candles = div.data.find((trace) => trace.type === "candlestick");
    if (!candles) return;
    const low = Array.from(div._fullData[0].low), high = Array.from(div._fullData[0].high);
    function rescale() {
      const range = div.layout.xaxis.range;
      if (!range) return;
      const from = Math.max(0, Math.ceil(range[0])), to = Math.min(low.length - 1, Math.floor(range[1]));
      if (to < from) return;
      let bottom = Infinity, top = -Infinity;
      for (let i = from; i <= to; i++) { bottom = Math.min(bottom, low[i]); top = Math.max(top, high[i]); }
      const margin = (top - bottom) * 0.06 || Math.abs(top) * 0.001 || 1;
      Plotly.relayout(div, { "yaxis.range": [bottom - margin, top + margin] });
    }
    div.on("plotly_relayout", (change) => {
      if (Object.keys(change).some((key) => key.startsWith("xaxis"))) rescale();
    });
    rescale();
  }

  function draw(div) {
    const first = !div.dataset.narrow;
    const fitted = fit(coloured(given.figures[div.id]), div.clientWidth);
    div.dataset.narrow = div.clientWidth < 600;
    return Plotly.react(div, fitted.data, fitted.layout, config).then(() => { if (first) follow(div); });
  }

  const plots = Array.from(document.querySelectorAll(".plot"));
  const isDrawn = (div) => Boolean(div.dataset.narrow);
  const isShown = (div) => !div.closest("[hidden]");
  const drawAll = () => Promise.all(plots.filter((div) => !isDrawn(div) && isShown(div)).map(draw));
  const redraw = () => plots.filter(isDrawn).forEach(draw);

  // Only what is near the view is drawn: a report opens in a second however many figures it has.
  const waiting = [];
  let isDrawing = false;
  function drawNext() {
    const div = waiting.shift();
    isDrawing = Boolean(div);
    if (!div) { root.dataset.ready = "true"; return; }
    (isDrawn(div) || !isShown(div) ? Promise.resolve() : draw(div)).then(() => setTimeout(drawNext, 0));
  }
  const watcher = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting || isDrawn(entry.target)) continue;
      waiting.push(entry.target);
    }
    if (!isDrawing) drawNext();
  }, { rootMargin: "400px 0px" });
  if (location.hash === "#print") {
    root.dataset.printing = "true";
    drawAll().then(() => { root.dataset.ready = "true"; });
  } else {
    plots.forEach((div) => watcher.observe(div));
    if (!plots.length) root.dataset.ready = "true";
  }

  // One figure of several: which parameters lie on the axes.
  document.querySelectorAll("select.which").forEach((select) => {
    const options = Array.from(document.getElementById(select.dataset.of).children);
    select.addEventListener("change", () => {
      options.forEach((figure, i) => { figure.hidden = i !== select.selectedIndex; });
      const div = options[select.selectedIndex].querySelector(".plot");
      if (!isDrawn(div)) draw(div); else Plotly.Plots.resize(div);
    });
  });

  const button = document.getElementById("theme");
  if (button) {
    const say = () => { button.textContent = isDark() ? "Light" : "Dark"; };
    button.hidden = false;
    button.addEventListener("click", () => {
      root.dataset.theme = isDark() ? "light" : "dark";
      say();
      redraw();
    });
    prefersDark.addEventListener("change", () => { if (!root.dataset.theme) { say(); redraw(); } });
    say();
  }

  let resizing = 0;
  window.addEventListener("resize", () => {
    clearTimeout(resizing);
    resizing = setTimeout(() => plots.forEach((div) => {
      if (isDrawn(div) && isShown(div) && String(div.clientWidth < 600) !== div.dataset.narrow) draw(div);
    }), 200);
  });
  window.addEventListener("beforeprint", () => {
    root.dataset.printing = "true";
    if (isDark()) redraw();
    drawAll();
    plots.filter(isDrawn).forEach((div) => Plotly.Plots.resize(div));
  });
  window.addEventListener("afterprint", () => {
    delete root.dataset.printing;
    if (isDark()) redraw();
    plots.filter(isDrawn).forEach((div) => Plotly.Plots.resize(div));
  });
})();
