// Cutting the axes of parallel coordinates: a part of an axis is a condition on the table, and the table's condition shows on the axes.

const STEP = 0.02;
const number = (text) => Number(text);

/** The parts of a condition that all must hold; one part where it cannot be taken apart. */
function parts(where) {
  const found = [];
  let depth = 0, from = 0;
  for (let i = 0; i < where.length; i++) {
    if (where[i] === "(") depth += 1;
    else if (where[i] === ")") depth -= 1;
    else if (!depth && /^\sor\s/i.test(where.slice(i))) return [`(${where.trim()})`];
    else if (!depth && /^\sand\s/i.test(where.slice(i))) { found.push(where.slice(from, i)); from = i + 5; i += 3; }
  }
  return [...found, where.slice(from)].map((part) => part.trim()).filter(Boolean);
}
/** Parts that a cut axis can show, by its name, and all others as they are. */
function read(where, names) {
  const cuts = {}, others = [];
  for (const part of parts(where)) {
    const found = /^([A-Za-z_]\w*)\s*(>=|<=)\s*(-?[\d.]+(?:e[-+]?\d+)?)$/i.exec(part), end = found?.[2] === ">=" ? "low" : "high";
    if (found && names.includes(found[1]) && cuts[found[1]]?.[end] === undefined) (cuts[found[1]] ??= {})[end] = number(found[3]);
    else others.push(part);
  }
  return { cuts, others };
}

/** Handles over a figure of parallel lines; `changed` is told the new condition. */
export class Brush {
  constructor(plot, changed) {
    this.plot = plot;
    this.changed = changed;
    this.box = document.createElement("div");
    this.box.className = "brush";
    plot.after(this.box);
    this.where = "";
    plot.addEventListener("drawn", () => this.lay());
  }
  /** Axes as they can be cut: places from 0 to 1 and what stands there. */
  axes() {
    const { axes, objective } = this.plot.layout.meta;
    const own = axes.map((axis, i) => ({ ...axis, i, at: (height) => axis.heights.reduce((best, h, k) => (Math.abs(h - height) < Math.abs(axis.heights[best] - height) ? k : best), 0) }));
    return [...own, { name: "objective", i: axes.length, ordered: true, ...objective, isObjective: true }];
  }
  say(axis, height) {
    if (axis.isObjective) return String(Number((axis.low + height * (axis.high - axis.low)).toPrecision(5)));
    return axis.labels[axis.at(height)];
  }
  heightOf(axis, value) {
    if (axis.isObjective) return Math.min(1, Math.max(0, (value - axis.low) / ((axis.high - axis.low) || 1)));
    return axis.heights[axis.labels.reduce((best, label, k) => (Math.abs(number(label) - value) < Math.abs(number(axis.labels[best]) - value) ? k : best), 0)];
  }
  set(where) {
    if (where === this.where) return;
    this.where = where;
    if (this.box.childElementCount) this.lay();
  }
  lay() {
    if (!this.plot.layout?.meta?.axes || this.box.contains(document.activeElement) && this.isMoving) return;
    const held = this.box.contains(document.activeElement) ? document.activeElement.getAttribute("aria-label") : null;
    const size = this.plot._fullLayout._size, x = this.plot._fullLayout.xaxis, y = this.plot._fullLayout.yaxis;
    const axes = this.axes().filter((axis) => axis.ordered), { cuts } = read(this.where, axes.map((axis) => axis.name));
    this.box.style.height = `${this.plot.clientHeight}px`;
    this.box.replaceChildren(...axes.map((axis) => {
      const track = document.createElement("div");
      track.className = "track";
      const top = size.t + y.c2p(1), bottom = size.t + y.c2p(0), tall = bottom - top;
      Object.assign(track.style, { left: `${size.l + x.c2p(axis.i)}px`, top: `${top}px`, height: `${tall}px` });
      const cut = cuts[axis.name] ?? {}, ends = [cut.low === undefined ? 0 : this.heightOf(axis, cut.low), cut.high === undefined ? 1 : this.heightOf(axis, cut.high)];
      const bar = document.createElement("span");
      bar.className = "cut";
      const handles = [0, 1].map((end) => {
        const handle = document.createElement("button");
        handle.type = "button";
        handle.className = "handle";
        handle.setAttribute("role", "slider");
        handle.setAttribute("aria-orientation", "vertical");
        handle.setAttribute("aria-label", `${axis.isObjective ? "Objective" : axis.name}, ${end ? "at most" : "at least"}`);
        handle.setAttribute("aria-valuemin", 0);
        handle.setAttribute("aria-valuemax", 100);
        return handle;
      });
      const show = () => {
        const [low, high] = ends;
        Object.assign(bar.style, { top: `${(1 - high) * tall}px`, height: `${(high - low) * tall}px` });
        bar.hidden = low <= 0 && high >= 1;
        handles.forEach((handle, end) => {
          handle.style.top = `${(1 - ends[end]) * tall}px`;
          handle.setAttribute("aria-valuenow", Math.round(100 * ends[end]));
          handle.setAttribute("aria-valuetext", this.say(axis, ends[end]));
        });
      };
      const snapped = (height) => (axis.isObjective ? height : axis.heights[axis.at(height)]);
      const move = (end, height) => {
        const other = ends[1 - end], wanted = snapped(Math.min(1, Math.max(0, height)));
        ends[end] = end ? Math.max(wanted, other) : Math.min(wanted, other);
        show();
      };
      const done = () => { this.isMoving = false; this.apply(axis, ends, axes); };
      let waiting = 0;
      handles.forEach((handle, end) => handle.addEventListener("keydown", (event) => {
        const turn = { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1, PageUp: 5, PageDown: -5 }[event.key];
        if (event.key === "Home" || event.key === "End") move(end, event.key === "End" ? 1 : 0);
        else if (event.key === "Escape") [ends[0], ends[1]] = [0, 1];
        else if (!turn) return;
        else if (axis.isObjective) move(end, ends[end] + turn * STEP);
        else move(end, axis.heights[Math.min(axis.heights.length - 1, Math.max(0, axis.at(ends[end]) + turn))]);
        event.preventDefault();
        this.isMoving = true;
        show();
        clearTimeout(waiting);
        waiting = setTimeout(done, 350);
      }));
      track.addEventListener("pointerdown", (event) => {
        event.preventDefault();
        const heightAt = (e) => 1 - (e.clientY - track.getBoundingClientRect().top) / tall;
        const end = handles.indexOf(event.target), begun = heightAt(event);
        let isDrag = end >= 0;
        this.isMoving = true;
        if (end >= 0) handles[end].focus();
        track.setPointerCapture(event.pointerId);
        const follow = (e) => {
          const now = heightAt(e);
          if (end >= 0) { move(end, now); return; }
          if (!isDrag && Math.abs(now - begun) * tall < 5) return;
          isDrag = true;
          const [low, high] = [Math.min(now, begun), Math.max(now, begun)].map((h) => snapped(Math.min(1, Math.max(0, h))));
          [ends[0], ends[1]] = [low, high];
          show();
        };
        track.addEventListener("pointermove", follow);
        track.addEventListener("pointerup", () => {
          track.removeEventListener("pointermove", follow);
          if (!isDrag) [ends[0], ends[1]] = [0, 1]; // a click takes the cut away
          show();
          done();
        }, { once: true });
      });
      show();
      track.append(bar, ...handles);
      return track;
    }));
    if (held) this.box.querySelector(`[aria-label="${CSS.escape(held)}"]`)?.focus();
  }
  apply(axis, ends, axes) {
    const { cuts, others } = read(this.where, axes.map((each) => each.name));
    const [low, high] = ends;
    delete cuts[axis.name];
    if (low > 0) (cuts[axis.name] ??= {}).low = this.say(axis, low);
    if (high < 1) (cuts[axis.name] ??= {}).high = this.say(axis, high);
    const terms = Object.entries(cuts).flatMap(([name, cut]) => [cut.low !== undefined ? `${name} >= ${cut.low}` : "", cut.high !== undefined ? `${name} <= ${cut.high}` : ""]).filter(Boolean);
    const where = [...others, ...terms].join(" and ");
    if (where === this.where) return;
    this.where = where;
    this.changed(where);
  }
}
