"use strict";
(function () {
  const figures = JSON.parse(document.getElementById("figures").textContent);
  const config = { responsive: true, displaylogo: false, displayModeBar: "hover", scrollZoom: false,
    modeBarButtonsToRemove: ["select2d", "lasso2d", "toImage"] };

  // A phone has no room for side colour bars or many ticks: the same figure, laid out for its width.
  function fit(figure, width) {
    const layout = structuredClone(figure.layout);
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
    const fitted = fit(figures[div.id], div.clientWidth);
    div.dataset.narrow = div.clientWidth < 600;
    return Plotly.react(div, fitted.data, fitted.layout, config);
  }

  const plots = Array.from(document.querySelectorAll(".plot"));
  Promise.all(plots.map((div) => draw(div).then(() => follow(div))))
    .then(() => { document.documentElement.dataset.ready = "true"; });

  let waiting = 0;
  window.addEventListener("resize", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => plots.forEach((div) => {
      if (String(div.clientWidth < 600) !== div.dataset.narrow) draw(div);
    }), 200);
  });
  window.addEventListener("beforeprint", () => plots.forEach((div) => Plotly.Plots.resize(div)));
  window.addEventListener("afterprint", () => plots.forEach((div) => Plotly.Plots.resize(div)));
})();
