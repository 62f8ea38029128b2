// Charts of figures against the arrival rate, as plain SVG: a mark for each load step, curves, bands and limits.
"use strict";

window.FootfallRates = (() => {
  const { HEIGHT, ROOM, chart, element, isNumber, node, ticks } = window.FootfallCharts;
  const LOG_STEPS = [1, 2, 5];
  const NEAR = 28;

  const rangeOf = (spec) => {
    const values = [...spec.marks.map((mark) => mark.y), ...(spec.more ?? [])].filter(isNumber);
    if (!spec.isLog) {
      const high = spec.high ?? Math.max(...values, 0) * 1.08;
      const low = spec.low ? spec.low(values) : 0;
      return [low, high > low ? high : low + 1];
    }
    const positive = values.filter((value) => value > 0);
    if (!positive.length) return [0.01, 1];
    return [Math.min(...positive) / 1.5, Math.max(...positive) * 1.5];
  };

  const logTicks = (low, high) => {
    const found = [];
    for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power += 1) {
      for (const step of LOG_STEPS) {
        const value = step * 10 ** power;
        if (value >= low && value <= high) found.push(value);
      }
    }
    return found.length > 6 ? found.filter((value) => String(value.toPrecision(1)).replace(/[0.e+-]/g, "")[0] === "1") : found;
  };

  // The sign of a mark says what became of its step: filled, it holds; hollow, not or not surely; cross, invalid.
  const markOf = (mark, x, y) => {
    const look = { class: `ff-mark ff-mark-${mark.verdict}` };
    if (mark.verdict === "invalid") {
      return node("path", { ...look, d: `M${x - 4} ${y - 4}l8 8m0 -8l-8 8` });
    }
    if (mark.shape === "down") return node("path", { ...look, d: `M${x - 4.5} ${y - 3.5}h9l-4.5 8z` });
    if (mark.shape === "up") return node("path", { ...look, d: `M${x - 4.5} ${y + 3.5}h9l-4.5 -8z` });
    return node("circle", { ...look, cx: x, cy: y, r: 4.2 });
  };

  const legendOf = (spec) =>
    spec.legend.map(([name, draw]) => {
      const item = element("span", "ff-legend-item");
      const svg = node("svg", { width: 22, height: 12, "aria-hidden": "true" });
      svg.append(draw(node));
      item.append(svg, element("span", "", name));
      return item;
    });

  // `spec`: marks (x, y, verdict, shape, text), curves, knee, level, limit, and how values are written.
  const draw = (made, spec) => {
    made.rates = spec;
    const width = Math.max(made.stage.clientWidth, 240);
    const inner = { width: width - ROOM.left - ROOM.right, height: HEIGHT - ROOM.top - ROOM.bottom };
    const [low, high] = rangeOf(spec);
    const most = Math.max(...spec.marks.map((mark) => mark.x), spec.leastX ?? 0) * 1.06 || 1;
    const scale = spec.isLog ? Math.log : (value) => value;
    const clip = (value) => Math.min(Math.max(value, low), high);
    const x = (value) => +(ROOM.left + (Math.min(value, most) / most) * inner.width).toFixed(1);
    const share = (value) => (scale(clip(value)) - scale(low)) / (scale(high) - scale(low));
    const y = (value) => +(ROOM.top + (1 - share(value)) * inner.height).toFixed(1);
    const { svg } = made;
    svg.replaceChildren();
    svg.setAttribute("width", width);
    svg.setAttribute("height", HEIGHT);
    const [left, right, top, bottom] = [ROOM.left, width - ROOM.right, ROOM.top, HEIGHT - ROOM.bottom];
    for (const value of spec.isLog ? logTicks(low, high) : ticks(low, high, 4)) {
      svg.append(node("line", { x1: left, x2: right, y1: y(value), y2: y(value), class: "ff-grid" }));
      svg.append(node("text", { x: left - 7, y: y(value) + 4, class: "ff-tick ff-tick-y" }, spec.format(value)));
    }
    for (const value of ticks(0, most, Math.max(3, Math.floor(inner.width / 70)))) {
      svg.append(node("text", { x: x(value), y: bottom + 15, class: "ff-tick" }, +value.toFixed(2)));
    }
    svg.append(node("text", { x: right, y: HEIGHT - 3, class: "ff-tick ff-axis" }, spec.axis));
    svg.append(node("line", { x1: left, x2: right, y1: bottom, y2: bottom, class: "ff-base" }));
    if (spec.knee) {
      const [from, to, at] = [spec.knee.low, spec.knee.high, spec.knee.value].map(x);
      svg.append(node("rect", { x: from, y: top, width: Math.max(to - from, 1), height: bottom - top, class: "ff-band ff-measured" }));
      svg.append(node("line", { x1: at, x2: at, y1: top, y2: bottom, class: "ff-line ff-knee" }));
    }
    if (spec.isDiagonal) {
      const end = Math.min(most, high);
      svg.append(node("line", { x1: x(0), x2: x(end), y1: y(0), y2: y(end), class: "ff-line ff-due" }));
    }
    for (const value of [spec.level, spec.limit].filter(isNumber)) {
      const kind = value === spec.limit ? "target" : "predicted";
      svg.append(node("line", { x1: left, x2: right, y1: y(value), y2: y(value), class: `ff-line ff-${kind}` }));
    }
    for (const curve of spec.curves ?? []) {
      const d = curve.map(([rate, value], index) => `${index ? "L" : "M"}${x(rate)} ${y(value)}`).join("");
      if (d) svg.append(node("path", { d, class: "ff-line ff-curve" }));
    }
    made.placed = spec.marks
      .filter((mark) => isNumber(mark.y))
      .map((mark) => ({ mark, x: x(mark.x), y: y(mark.y) }));
    for (const placed of made.placed) svg.append(markOf(placed.mark, placed.x, placed.y));
    if (!made.placed.length) {
      const middle = { x: left + inner.width / 2, y: top + inner.height / 2 };
      svg.append(node("text", { ...middle, class: "ff-nothing" }, "no step yet"));
    }
    made.legend.replaceChildren(...legendOf(spec));
    point(made, width);
  };

  const point = (made, width) => {
    made.tip.hidden = true;
    if (!made.pointer || !made.placed) return;
    const far = (placed) => Math.hypot(placed.x - made.pointer.x, placed.y - made.pointer.y);
    const nearest = made.placed.reduce((best, each) => (best && far(best) <= far(each) ? best : each), null);
    if (!nearest || far(nearest) > NEAR) return;
    made.tip.replaceChildren(
      element("div", "ff-tip-head", nearest.mark.text),
      element("div", "", `${nearest.mark.name}: ${made.rates.exact(nearest.mark.y)}`),
    );
    made.tip.hidden = false;
    const isRight = nearest.x > width / 2;
    made.tip.style.left = isRight ? "" : `${nearest.x + 12}px`;
    made.tip.style.right = isRight ? `${width - nearest.x + 12}px` : "";
  };

  const ratesChart = (title, unit) => {
    const made = chart(title, unit);
    const look = (event) => {
      const box = made.svg.getBoundingClientRect();
      made.pointer = event ? { x: event.clientX - box.left, y: event.clientY - box.top } : null;
      point(made, box.width);
    };
    made.svg.addEventListener("pointermove", look);
    made.svg.addEventListener("pointerleave", () => look(null));
    return made;
  };

  return { chart: ratesChart, draw };
})();
