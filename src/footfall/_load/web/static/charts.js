// Charts as plain SVG: steps, lines and a band over the seconds of a run, with units, legend and a value under the pointer.
"use strict";

window.FootfallCharts = (() => {
  const NS = "http://www.w3.org/2000/svg";
  const HEIGHT = 190;
  const ROOM = { top: 10, right: 14, bottom: 30, left: 52 };
  const STEPS = [1, 2, 2.5, 5, 10];

  const node = (name, attributes = {}, text) => {
    const made = document.createElementNS(NS, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text !== undefined) made.textContent = text;
    return made;
  };

  const element = (name, className, text) => {
    const made = document.createElement(name);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  };

  const isNumber = (value) => typeof value === "number" && Number.isFinite(value);

  const ticks = (low, high, most) => {
    const rough = (high - low) / most || 1;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = power * STEPS.find((each) => each * power >= rough - 1e-12);
    const found = [];
    for (let at = Math.ceil(low / step - 1e-9) * step; at <= high + step * 1e-6; at += step) found.push(at);
    return found;
  };

  // A chart keeps its nodes; `draw` fills them anew, so that the pointer stays where it was.
  const chart = (title, unit) => {
    const figure = element("figure", "ff-chart");
    const caption = element("figcaption");
    caption.append(element("span", "ff-chart-title", title), element("span", "ff-chart-unit", unit));
    const legend = element("div", "ff-legend");
    const stage = element("div", "ff-stage");
    const svg = node("svg", { role: "img", "aria-label": title });
    const tip = element("div", "ff-tip");
    tip.hidden = true;
    stage.append(svg, tip);
    figure.append(caption, legend, stage);
    const made = { figure, caption, legend, stage, svg, tip, title, hover: null, spec: null };
    svg.addEventListener("pointermove", (event) => {
      made.hover = event.clientX - svg.getBoundingClientRect().left;
      point(made);
    });
    svg.addEventListener("pointerleave", () => {
      made.hover = null;
      point(made);
    });
    return made;
  };

  const range = (spec) => {
    const values = spec.lines.flatMap((line) => (line.isOutside ? [] : line.values)).filter(isNumber);
    const high = spec.high ?? Math.max(...values, spec.leastHigh ?? 0) * 1.08;
    const low = spec.low ? spec.low(values) : 0;
    return [low, high > low ? high : low + 1];
  };

  const path = (line, x, y) => {
    let text = "";
    let isDown = false;
    line.values.forEach((value, index) => {
      if (!isNumber(value)) {
        isDown = false;
        return;
      }
      if (line.isStep) {
        text += `${isDown ? "L" : "M"}${x(index - 1)} ${y(value)}L${x(index)} ${y(value)}`;
      } else {
        text += `${isDown ? "L" : "M"}${x(index)} ${y(value)}`;
      }
      isDown = true;
    });
    return text;
  };

  const band = (line, x, y) => {
    const known = line.low.map((value, index) => index).filter((index) => isNumber(line.low[index]));
    if (known.length < 2) return "";
    const above = known.map((index) => `${x(index)} ${y(line.high[index])}`);
    const below = known.reverse().map((index) => `${x(index)} ${y(line.low[index])}`);
    return `M${above.join("L")}L${below.join("L")}Z`;
  };

  const sample = (line) => {
    const svg = node("svg", { width: 26, height: 10, "aria-hidden": "true" });
    if (line.low) svg.append(node("rect", { x: 0, y: 0, width: 26, height: 10, class: `ff-band ff-${line.kind}` }));
    if (line.isFilled) {
      svg.append(node("rect", { x: 0, y: 2, width: 26, height: 8, class: `ff-fill ff-${line.kind}` }));
    }
    svg.append(node("path", { d: "M0 5H26", class: `ff-line ff-${line.kind}` }));
    return svg;
  };

  const draw = (made, spec) => {
    made.spec = spec;
    const width = Math.max(made.stage.clientWidth, 240);
    const inner = { width: width - ROOM.left - ROOM.right, height: HEIGHT - ROOM.top - ROOM.bottom };
    const [low, high] = range(spec);
    const last = spec.at_s[spec.at_s.length - 1] || 1;
    const at = (index) => (index < 0 ? 0 : spec.at_s[index]);
    const x = (index) => +(ROOM.left + (at(index) / last) * inner.width).toFixed(1);
    const clip = (value) => Math.min(Math.max(value, low), high);
    const y = (value) => +(ROOM.top + (1 - (clip(value) - low) / (high - low)) * inner.height).toFixed(1);
    made.x = x;
    made.width = width;
    made.svg.replaceChildren();
    made.svg.setAttribute("width", width);
    made.svg.setAttribute("height", HEIGHT);
    axes(made.svg, spec, { x, y, inner, low, high, last, width });
    for (const line of spec.lines) {
      if (line.low) made.svg.append(node("path", { d: band(line, x, y), class: `ff-band ff-${line.kind}` }));
      const d = path(line, x, y);
      if (line.isFilled && d) {
        const first = line.values.findIndex(isNumber);
        const end = line.values.findLastIndex(isNumber);
        const close = `L${x(end)} ${y(low)}L${x(first - 1)} ${y(low)}Z`;
        made.svg.append(node("path", { d: d + close, class: `ff-fill ff-${line.kind}` }));
      }
      if (d) made.svg.append(node("path", { d, class: `ff-line ff-${line.kind}` }));
    }
    if (!spec.lines.some((line) => line.values.some(isNumber))) {
      const middle = { x: ROOM.left + inner.width / 2, y: ROOM.top + inner.height / 2 };
      made.svg.append(node("text", { ...middle, class: "ff-nothing" }, spec.nothing ?? "nothing yet"));
    }
    made.legend.replaceChildren(
      ...spec.lines.map((line) => {
        const item = element("span", "ff-legend-item");
        item.append(sample(line), element("span", "", line.name));
        return item;
      }),
    );
    point(made);
  };

  const axes = (svg, spec, { x, y, inner, low, high, last, width }) => {
    for (const value of ticks(low, high, 4)) {
      svg.append(node("line", { x1: ROOM.left, x2: width - ROOM.right, y1: y(value), y2: y(value), class: "ff-grid" }));
      svg.append(node("text", { x: ROOM.left - 7, y: y(value) + 4, class: "ff-tick ff-tick-y" }, spec.format(value)));
    }
    const inMinutes = last > 300;
    for (const second of ticks(0, last / (inMinutes ? 60 : 1), Math.max(3, Math.floor(inner.width / 70)))) {
      const left = ROOM.left + ((second * (inMinutes ? 60 : 1)) / last) * inner.width;
      svg.append(node("text", { x: left, y: HEIGHT - ROOM.bottom + 15, class: "ff-tick" }, +second.toFixed(2)));
    }
    const foot = { x: width - ROOM.right, y: HEIGHT - 3, class: "ff-tick ff-axis" };
    svg.append(node("text", foot, `${inMinutes ? "minutes" : "seconds"} of the run`));
    svg.append(node("line", { x1: ROOM.left, x2: width - ROOM.right, y1: y(low), y2: y(low), class: "ff-base" }));
    if (spec.now_s > 0 && spec.now_s < last) {
      const now = ROOM.left + (spec.now_s / last) * inner.width;
      svg.append(node("line", { x1: now, x2: now, y1: ROOM.top, y2: HEIGHT - ROOM.bottom, class: "ff-now" }));
    }
  };

  // What is under the pointer.
  const point = (made) => {
    made.svg.querySelector(".ff-cross")?.remove();
    made.tip.hidden = true;
    if (made.hover === null || !made.spec?.at_s.length) return;
    const { spec } = made;
    let index = 0;
    spec.at_s.forEach((_, each) => {
      if (Math.abs(made.x(each) - made.hover) < Math.abs(made.x(index) - made.hover)) index = each;
    });
    const left = made.x(index);
    made.svg.append(
      node("line", { x1: left, x2: left, y1: ROOM.top, y2: HEIGHT - ROOM.bottom, class: "ff-cross" }),
    );
    const rows = spec.lines
      .filter((line) => isNumber(line.values[index]))
      .map((line) => {
        const row = element("div", "ff-tip-row");
        const value = spec.exact(line.values[index]);
        const bounds = line.low ? ` (${spec.exact(line.low[index])} to ${spec.exact(line.high[index])})` : "";
        row.append(sample(line), element("span", "", `${line.name}: `), element("b", "", value + bounds));
        return row;
      });
    made.tip.replaceChildren(element("div", "ff-tip-head", `second ${+spec.at_s[index].toFixed(1)} of the run`), ...rows);
    made.tip.hidden = false;
    const isRight = left > made.width / 2;
    made.tip.style.left = isRight ? "" : `${left + 12}px`;
    made.tip.style.right = isRight ? `${made.width - left + 12}px` : "";
  };

  const WORDS = {
    pass: ["✓", "pass"],
    fail: ["✕", "fail"],
    undecided: ["?", "undecided"],
    invalid: ["!", "invalid"],
    open: ["…", "open"],
    holds: ["✓", "holds"],
    broken: ["✕", "broken"],
    held: ["✓", "held"],
    "did not hold": ["✕", "did not hold"],
    "cannot tell": ["?", "cannot tell"],
    "under way": ["…", "under way"],
    waiting: ["…", "waiting"],
    running: ["▸", "running"],
    done: ["✓", "done"],
    failed: ["✕", "failed"],
    "left out": ["–", "left out"],
  };
  // Figures as a reader likes them.
  const dash = "–";
  const count = (value) => (isNumber(value) ? value.toLocaleString("en") : dash);
  const percent = (share, digits = 1) => (isNumber(share) ? `${(share * 100).toFixed(digits)} %` : dash);
  const duration = (seconds) => {
    if (!isNumber(seconds)) return dash;
    const ms = seconds * 1000;
    if (ms < 9.95) return `${ms.toFixed(1)} ms`;
    return seconds < 0.9995 ? `${ms.toFixed(0)} ms` : `${seconds.toFixed(2)} s`;
  };
  const setText = (target, text) => {
    if (target.textContent !== text) target.textContent = text;
  };
  const chip = (word) => {
    const [sign, text] = WORDS[word] ?? ["", dash];
    const made = element("span", `ff-chip ff-is-${String(word ?? "none").replaceAll(" ", "-")}`);
    if (sign) made.append(element("span", "ff-sign", sign));
    made.append(text);
    return made;
  };

  return { HEIGHT, ROOM, chart, chip, count, dash, draw, duration, element, isNumber, node, percent, setText, ticks };
})();
