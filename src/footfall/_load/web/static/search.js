// A search for capacity, or the whole loop, in the Footfall tab: what it does now, its steps, and what it has found.
"use strict";

window.FootfallSearch = (() => {
  const { chip, count, dash, duration, element, isNumber, percent, setText } = window.FootfallCharts;
  const rates = window.FootfallRates;
  const ALL = "*";
  const BEYOND = {
    graceful: "stays near the plateau",
    collapse: "throughput falls",
    metastable: "does not come back",
    unknown: "no step showed it",
  };
  const LIMITED = {
    service: "limited by the service",
    generator: "limited by the load generator",
    budget: "the budget ended first",
  };
  const TILES = [
    ["knee", "Capacity"],
    ["held", "Surely holds at"],
    ["plateau", "Plateau"],
    ["beyond", "Beyond"],
    ["steps", "Steps"],
    ["time", "Time left"],
  ];
  const COLUMNS = [
    ["Step", "in the order in which they are played; choose one for its channels and operations"],
    ["Purpose", "why it is played"],
    ["Arrivals/s", "customers who came"],
    ["Requests/s", "requests that they made"],
    ["Served/s", "visits served while arrivals came"],
    ["Success", "share of visits that were served"],
    ["p50", "median response time"],
    ["p95", "95th percentile"],
    ["p99", "99th percentile"],
    ["Service CPU", "of the service's processes, in cores, where they are known"],
    ["Generator", "share of the time in which the generator's event loop was busy"],
    ["Verdict", "holds: all criteria surely hold; broken: one does not, or the backlog grew"],
  ];
  const NUMBERS = COLUMNS.length - 1;
  const opened = new Set();
  let channel = ALL;

  const rate = (value) => {
    if (!isNumber(value)) return dash;
    const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
    return value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  };
  const between = (found) => `${rate(found.low)} to ${rate(found.high)}`;
  const minutes = (seconds) => {
    const whole = Math.max(0, Math.round(seconds));
    return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
  };

  const build = () => {
    const root = element("div", "ff-search");
    const tiles = element("dl", "ff-tiles");
    const tile = {};
    for (const [key, name] of TILES) {
      const box = element("div", "ff-tile");
      tile[`${key}_name`] = element("dt", "", name);
      tile[key] = element("dd", "", dash);
      tile[`${key}_note`] = element("dd", "ff-note", "");
      box.append(tile[`${key}_name`], tile[key], tile[`${key}_note`]);
      tiles.append(box);
    }
    const scope = element("label", "ff-scope", "Charts of ");
    const select = element("select");
    select.addEventListener("change", () => {
      channel = select.value;
      if (made.last) show(...made.last);
    });
    scope.append(select);
    const grid = element("div", "ff-charts");
    const charts = {
      throughput: rates.chart("Throughput", "visits served per second"),
      response: rates.chart("Response times", "from due time"),
      success: rates.chart("Success", "share of visits"),
      generator: rates.chart("Load generator", "share of time busy"),
    };
    grid.append(...Object.values(charts).map((each) => each.figure));
    const words = element("section", "ff-shows");
    const table = element("table", "ff-table ff-steps");
    const heads = element("tr");
    COLUMNS.forEach(([name, help], index) => {
      const cell = element("th", index > 1 && index < NUMBERS ? "" : "ff-name", name);
      cell.title = help;
      cell.scope = "col";
      heads.append(cell);
    });
    const thead = element("thead");
    thead.append(heads);
    const body = element("tbody");
    table.append(thead, body);
    const scroll = element("div", "ff-scroll");
    scroll.tabIndex = 0;
    scroll.setAttribute("role", "group");
    scroll.setAttribute("aria-label", "Load steps");
    scroll.append(table);
    const steps = element("section");
    steps.append(element("h3", "", "Load steps"), scroll);
    const phases = element("ol", "ff-phases");
    root.append(tiles, phases, words, scope, grid, steps);
    const made = { root, tiles, tile, scope, select, grid, charts, words, steps, body, phases, last: null };
    return made;
  };

  // What the search does, in one sentence.
  const statusOf = (page, live, now_s) => {
    if (page.state === "reporting") return `${page.phase[0].toUpperCase()}${page.phase.slice(1)} …`;
    if (page.state === "over") {
      if (live.phases) return live.answer || "The loop has ended.";
      const early = live.ended_by ? `It ended early: ${live.ended_by}. ` : live.status === "partial" ? "Stopped before its end. " : "";
      return early + live.sentence;
    }
    const left = live ? ` ${minutes(live.ends_unix_s - now_s)} of ${minutes(page.about.budget_s)} left.` : "";
    if (live?.phases) {
      const phase = live.phases.find((each) => each.state === "running");
      return `${phase ? phase.title : "Writing the page"} …${left}`;
    }
    const step = live?.step;
    if (!step) return `${live ? `${live.now[0].toUpperCase()}${live.now.slice(1)} …` : "Starting …"}${left}`;
    const lasts = `${rate(step.offered_per_s)} arrivals/s for ${duration(step.length_s)}`;
    return `Step ${step.number}: ${lasts}, ${live.now}.${left}`;
  };

  const shareOf = (page, live, now_s) =>
    live ? Math.min(Math.max(1 - (live.ends_unix_s - now_s) / page.about.budget_s, 0), 1) : null;

  const show = (made, page, live, now_s) => {
    made.last = [made, page, live, now_s];
    made.root.hidden = !live;
    if (!live) return;
    const isLoop = Boolean(live.phases);
    for (const part of ["tiles", "words", "scope", "grid", "steps"]) made[part].hidden = isLoop;
    made.phases.hidden = !isLoop;
    if (isLoop) {
      showPhases(made, live);
      return;
    }
    showTiles(made, page, live, now_s);
    showWords(made, live);
    showScope(made, live.steps);
    showCharts(made, live);
    showSteps(made, live);
  };

  // The phases of a whole loop: their result in a line, and what was said on the way to it.
  const showPhases = ({ phases }, live) => {
    const key = JSON.stringify(live.phases);
    if (phases.dataset.key === key) return;
    phases.dataset.key = key;
    const unfolded = new Set([...phases.querySelectorAll("details[open]")].map((each) => each.dataset.name));
    phases.replaceChildren(...live.phases.map((phase) => phaseItem(phase, unfolded.has(phase.name))));
  };

  const phaseItem = (phase, isUnfolded) => {
    const item = element("li");
    const words = element("div", "ff-phase");
    const isRunning = phase.state === "running";
    const result = [isRunning ? "" : phase.lines.at(-1), phase.spent_s ? minutes(phase.spent_s) : ""].filter(Boolean);
    words.append(element("b", "", phase.title), element("span", "ff-reason", result.join(" · ")));
    if (phase.lines.length > 1) {
      const details = element("details");
      details.dataset.name = phase.name;
      details.open = isUnfolded || isRunning;
      details.append(element("summary", "", "details"), element("pre", "", phase.lines.join("\n")));
      words.append(details);
    }
    item.append(chip(phase.state), words);
    return item;
  };

  const whyNone = (live) =>
    live.status !== "finished" && live.limited_by === "budget" ? "ended before a limit was reached" : LIMITED[live.limited_by];

  const showTiles = ({ tile }, page, live, now_s) => {
    const knee = live.knee_per_s;
    const isKnown = isNumber(knee?.value);
    const none = live.is_final ? "none found" : "not known yet";
    setText(tile.knee_name, live.is_final ? "Capacity" : "Capacity so far");
    setText(tile.knee, isKnown ? `${rate(knee.value)}/s` : none);
    setText(tile.knee_note, isKnown ? `${between(knee)} arrivals/s` : live.is_final ? whyNone(live) : "");
    const ratesOf = (verdict) => live.steps.filter((step) => step.verdict === verdict).map((step) => step.offered_per_s);
    const [holds, broken] = [ratesOf("holds"), ratesOf("broken")];
    setText(tile.held, holds.length ? `${rate(Math.max(...holds))}/s` : dash);
    setText(tile.held_note, broken.length ? `broken at ${rate(Math.min(...broken))}/s` : "no step is broken");
    setText(tile.plateau, live.plateau_per_s ? `${rate(live.plateau_per_s.value)}/s` : dash);
    setText(tile.plateau_note, live.plateau_per_s ? `${between(live.plateau_per_s)} served/s` : live.is_final ? "none was seen" : "at the end");
    setText(tile.beyond, live.is_final ? live.beyond : dash);
    setText(tile.beyond_note, live.is_final ? BEYOND[live.beyond] : "at the end");
    const invalid = live.steps.filter((step) => step.invalid_reason).length;
    setText(tile.steps, count(live.steps.length));
    setText(tile.steps_note, invalid ? `${invalid} of them invalid` : "all valid");
    setText(tile.time_name, live.is_final ? "Took" : "Time left");
    setText(tile.time, minutes(live.is_final ? live.spent_s : live.ends_unix_s - now_s));
    setText(tile.time_note, `of a budget of ${minutes(page.about.budget_s)}`);
  };

  const showWords = ({ words }, live) => {
    const lines = [
      ...(live.flags ?? []).map((flag) => [flag, live.flag_texts?.[flag] ?? ""]),
      ...(live.criteria?.length ? [["Criteria", live.criteria.join("; ")]] : []),
      ...(live.not_used?.length ? [["Not used", live.not_used.join("; ")]] : []),
      ...(live.sentences ?? []).map((sentence) => ["", `${sentence[0].toUpperCase()}${sentence.slice(1)}.`]),
    ];
    const key = JSON.stringify(lines);
    if (words.dataset.key === key) return;
    words.dataset.key = key;
    const list = element("ul");
    for (const [name, text] of lines) {
      const item = element("li");
      if (name) item.append(element("b", "", name), ": ");
      item.append(text);
      list.append(item);
    }
    words.replaceChildren(list);
  };

  const channelsOf = (steps) => [...new Set(steps.flatMap((step) => step.by_operation.map((each) => each.channel)))];

  const showScope = ({ scope, select }, steps) => {
    const names = channelsOf(steps);
    scope.hidden = names.length < 2;
    if (![ALL, ...names].includes(channel)) channel = ALL;
    if (select.dataset.key === names.join("\n")) return;
    select.dataset.key = names.join("\n");
    select.replaceChildren(
      ...[ALL, ...names].map((name) => {
        const option = element("option", "", name === ALL ? "all visits" : name);
        option.value = name;
        option.selected = name === channel;
        return option;
      }),
    );
  };

  // The figures of a step, or of the chosen channel in it.
  const figuresOf = (step) =>
    channel === ALL ? step : step.by_operation.find((each) => each.channel === channel && each.operation === ALL);

  const marksOf = (steps, name, look, more = {}) =>
    steps
      .map((step) => [step, figuresOf(step)])
      .filter(([, figures]) => figures)
      .map(([step, figures]) => ({
        x: figures.offered_per_s,
        y: look(figures, step),
        verdict: step.invalid_reason ? "invalid" : step.verdict,
        name,
        text: `step ${step.step}, ${step.purpose}: ${rate(figures.offered_per_s)} arrivals/s, ${step.verdict}`,
        ...more,
      }));

  const circle = (verdict) => (node) =>
    verdict === "invalid"
      ? node("path", { d: "M7 2l8 8m0 -8l-8 8", class: "ff-mark ff-mark-invalid" })
      : node("circle", { cx: 11, cy: 6, r: 4.2, class: `ff-mark ff-mark-${verdict}` });
  const triangle = (shape) => (node) =>
    node("path", { d: shape === "down" ? "M6 3h10l-5 8z" : "M6 10h10l-5 -8z", class: "ff-mark ff-mark-holds" });
  const stroke = (kind) => (node) => node("path", { d: "M0 6H22", class: `ff-line ff-${kind}` });
  const stripe = (node) => node("rect", { x: 3, y: 0, width: 16, height: 12, class: "ff-band ff-measured" });

  const showCharts = ({ charts }, live) => {
    const { steps } = live;
    const curve = channel === ALL ? (live.curve ?? []) : [];
    const kneeOf = channel === ALL ? live.knee_per_s : live.by_channel?.[channel]?.knee_per_s;
    const knee = isNumber(kneeOf?.value) ? kneeOf : null;
    const axis = channel === ALL ? "arrivals per second" : `arrivals per second at ${channel}`;
    const common = { axis, knee, leastX: knee?.high };
    charts.generator.figure.hidden = channel !== ALL;
    const kneeLegend = knee ? [["capacity, 95 % interval", stripe]] : [];
    const learned = curve.length ? [["as learned", stroke("curve")]] : [];
    const along = (name) => [curve.map((each) => [each.offered_per_s, each[name]])];
    const plateau = channel === ALL ? live.plateau_per_s?.value : null;
    rates.draw(charts.throughput, {
      ...common,
      marks: marksOf(steps, "served", (figures) => figures.throughput_per_s),
      isDiagonal: true,
      more: steps.map((step) => figuresOf(step)?.offered_per_s),
      level: plateau,
      curves: along("throughput_per_s"),
      format: (value) => String(+value.toFixed(1)),
      exact: (value) => `${rate(value)} per s`,
      legend: [
        ["holds", circle("holds")],
        ["broken or undecided", circle("broken")],
        ["invalid", circle("invalid")],
        ["all that is offered", stroke("due")],
        ...(plateau ? [["plateau", stroke("predicted")]] : []),
        ...learned,
        ...kneeLegend,
      ],
    });
    const times = ["p50", "p95", "p99"];
    const shapes = { p50: { shape: "down" }, p95: {}, p99: { shape: "up" } };
    rates.draw(charts.response, {
      ...common,
      marks: times.flatMap((name) => marksOf(steps, name, (figures) => figures[`${name}_s`], shapes[name])),
      curves: times.flatMap((name) => along(`${name}_s`)),
      isLog: true,
      limit: limitOf(live.criteria ?? []),
      more: [limitOf(live.criteria ?? [])],
      format: duration,
      exact: duration,
      legend: [
        ["p50", triangle("down")],
        ["p95", circle("holds")],
        ["p99", triangle("up")],
        ...(limitOf(live.criteria ?? []) ? [["limit of p95", stroke("target")]] : []),
        ...learned,
        ...kneeLegend,
      ],
    });
    rates.draw(charts.success, {
      ...common,
      marks: marksOf(steps, "success", (figures) => figures.success_share),
      curves: along("success_share"),
      high: 1.005,
      low: (values) => Math.max(0, Math.floor((Math.min(...values, 0.9) - 0.02) * 10) / 10),
      format: (value) => `${+(value * 100).toFixed(1)} %`,
      exact: (value) => percent(value),
      legend: [["success", circle("holds")], ...learned, ...kneeLegend],
    });
    rates.draw(charts.generator, {
      ...common,
      marks: marksOf(steps, "event loop busy", (_, step) => step.generator.loop_busy_share),
      high: 1.005,
      format: (value) => `${+(value * 100).toFixed(1)} %`,
      exact: (value) => percent(value),
      legend: [["event loop busy", circle("holds")], ...kneeLegend],
    });
  };

  // The limit of all visits' 95th percentile, seconds, where a criterion says one: `p95(*) < 300ms`.
  const limitOf = (criteria) => {
    const units = { ms: 0.001, s: 1, min: 60 };
    const limits = criteria
      .map((line) => /^p95\(\*(?:\.\*)?\) <=? ([\d.]+) ?(ms|s|min)\b/.exec(line))
      .filter((found) => found && channel === ALL)
      .map((found) => Number(found[1]) * units[found[2]]);
    return limits.length ? Math.min(...limits) : null;
  };

  const cpuOf = (step) => (isNumber(step.server?.["process.cpu"]) ? step.server["process.cpu"].toFixed(2) : dash);

  const reasonOf = (step) => {
    if (step.invalid_reason) return step.invalid_reason;
    if (step.broken?.length) return `did not hold: ${step.broken.join("; ")}`;
    return step.stopped_early ? "the service fell behind" : "";
  };

  const figureCells = (row) => [
    rate(row.throughput_per_s),
    percent(row.success_share),
    duration(row.p50_s),
    duration(row.p95_s),
    duration(row.p99_s),
  ];

  const showSteps = ({ body, steps }, live) => {
    steps.hidden = !live.steps.length && !live.step;
    const next = live.step && !live.steps.some((step) => step.step === live.step.number) ? live.step : null;
    const key = JSON.stringify([live.steps.map((step) => [step.step, step.verdict]), next?.number, [...opened]]);
    if (body.dataset.key === key) return;
    body.dataset.key = key;
    const focused = document.activeElement?.dataset?.step;
    body.replaceChildren(...live.steps.flatMap((step) => rowsOf(step, live)), ...(next ? [underWay(next)] : []));
    if (focused) body.querySelector(`button[data-step="${focused}"]`)?.focus();
  };

  const line = (cells, className = "") => {
    const row = element("tr", className);
    cells.forEach((text, index) => {
      const cell = element(index ? "td" : "th", index > 1 && index < NUMBERS ? "" : "ff-name");
      if (!index) cell.scope = "row";
      cell.append(text);
      row.append(cell);
    });
    return row;
  };

  const rowsOf = (step, live) => {
    const isOpen = opened.has(step.step);
    const button = element("button", "", `${isOpen ? "▾" : "▸"} ${step.step}`);
    button.type = "button";
    button.dataset.step = step.step;
    button.setAttribute("aria-expanded", String(isOpen));
    button.setAttribute("aria-label", `Step ${step.step}, ${step.purpose}`);
    const row = line([
      button,
      step.purpose,
      rate(step.offered_per_s),
      rate(step.requests_per_s),
      ...figureCells(step),
      cpuOf(step),
      percent(step.generator.loop_busy_share),
      chip(step.verdict),
    ]);
    row.addEventListener("click", () => {
      if (!opened.delete(step.step)) opened.add(step.step);
      showSteps(parts(row), live);
    });
    return isOpen ? [row, ...detailsOf(step)] : [row];
  };

  const parts = (row) => ({ body: row.parentNode, steps: row.closest("section") });

  const detailsOf = (step) => {
    const details = step.by_operation.map((each) => {
      const name = each.operation === ALL ? `${each.channel}, all` : `${each.channel} · ${each.operation}`;
      return line(["", name, rate(each.offered_per_s), "", ...figureCells(each), "", "", ""], "ff-detail");
    });
    const reason = reasonOf(step);
    if (!reason) return details;
    const row = element("tr", "ff-detail");
    const cell = element("td", "ff-why", reason);
    cell.colSpan = COLUMNS.length;
    row.append(cell);
    return [...details, row];
  };

  const underWay = (step) =>
    line([String(step.number), step.purpose, rate(step.offered_per_s), ...Array(8).fill(""), chip("under way")], "ff-next");

  const wordsOf = (page) =>
    [page.runs[0]?.host ? `at ${page.runs[0].host}` : "at the reference service", `budget ${minutes(page.about.budget_s)}`, `seed ${page.about.seed}`].join(" · ");

  // Whether a search has ended without what it was to find.
  const isWithoutAnswer = (live) => Boolean(live?.is_final && !live.phases && !isNumber(live.knee_per_s?.value));

  return { build, isWithoutAnswer, show, shareOf, statusOf, wordsOf };
})();
