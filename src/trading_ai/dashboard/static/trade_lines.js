// What is drawn over candles besides their marks: the way of each trade, its stop as it moved, and its target.

/** A layer over a series of candles; `set` says what is drawn. */
export class TradeLines {
  constructor() { this.trades = []; this.levels = {}; this.colours = {}; this.times = []; this.extent = 0; this.update = () => {}; }
  attached({ chart, series, requestUpdate }) { this.chart = chart; this.series = series; this.update = requestUpdate; }
  set(candles, levels, colours) {
    const extent = candles.time.length ? Math.max(...candles.high) - Math.min(...candles.low) : 0;
    Object.assign(this, { trades: candles.trades, times: candles.time, levels, colours, extent });
    this.update();
  }
  /** The candle that holds a moment. */
  at(moment) {
    let low = 0, high = this.times.length - 1;
    while (low < high) { const middle = (low + high + 1) >> 1; if (this.times[middle] <= moment) low = middle; else high = middle - 1; }
    return this.chart.timeScale().timeToCoordinate(this.times[low]);
  }
  paneViews() { return [{ zOrder: () => "normal", renderer: () => ({ draw: (target) => target.useMediaCoordinateSpace(({ context }) => this.draw(context)) }) }]; }
  draw(context) {
    for (const trade of this.trades) {
      const from = this.at(trade.entry), until = this.at(trade.exit), level = this.levels[trade.number];
      if (from === null || until === null) continue;
      const to = Math.max(until, from + 6), line = (points, colour, dash, width) => this.line(context, points, colour, dash, width);
      line([[from, trade.entry_price], [to, trade.exit_price]], trade.net_profit > 0 ? this.colours.win : this.colours.loss, [], 1.5);
      if (!level) continue;
      if (level.target !== null) line([[from, level.target], [to, level.target]], this.colours.win, [2, 3], 1.5);
      let price = level.stop, at = from;
      const steps = [];
      for (const [moment, next] of [...level.moves, [null, null]]) {
        const x = moment === null ? to : Math.min(this.at(moment) ?? to, to);
        if (price !== null) steps.push([at, price], [x, price]);
        [at, price] = [x, next];
      }
      line(steps, this.colours.loss, [6, 4], 1.5);
    }
  }
  line(context, points, colour, dash, width) {
    const places = points.map(([x, price]) => [x, this.series.priceToCoordinate(price)]);
    if (places.length < 2 || places.some(([, y]) => y === null)) return;
    context.beginPath();
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.setLineDash(dash);
    places.forEach(([x, y], i) => (i ? context.lineTo(x, y) : context.moveTo(x, y)));
    context.stroke();
    context.setLineDash([]);
  }
  /** Levels near the candles are kept in view; one far away must not press the candles flat. */
  autoscaleInfo(first, last) {
    const from = this.times[Math.max(Math.floor(first), 0)], until = this.times[Math.min(Math.ceil(last), this.times.length - 1)];
    const prices = [];
    for (const trade of this.trades) {
      if (trade.exit < from || trade.entry > until) continue;
      const level = this.levels[trade.number];
      for (const price of [level?.stop, level?.target]) {
        if (typeof price === "number" && Math.abs(price - trade.entry_price) <= this.extent) prices.push(price);
      }
    }
    return prices.length ? { priceRange: { minValue: Math.min(...prices), maxValue: Math.max(...prices) } } : null;
  }
}
