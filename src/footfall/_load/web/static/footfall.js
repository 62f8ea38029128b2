// The Footfall tab in Locust's page: how the run stands, its curves, its criteria, its table and its files.
"use strict";

(() => {
  const BASE = document.currentScript.dataset.base;
  const TAB = "footfall";
  const ALL = "*.*";
  const EVERY_MS = 1000;
  const CALM_MS = 3000;
  const { chart, chip, count, dash, draw, duration, element, isNumber, percent, setText } = window.FootfallCharts;
  const search = window.FootfallSearch;
  let scope = ALL;
  let panel = null;
  let shown = null;
  let isAsking = false;
  let nextAt = 0;
  let reloaded = 0;
  let skewS = 0;

  const clock = (second) => {
    const minutes = Math.floor(second / 60);
    return `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
  };
  const nameOf = (channel, operation, about) => {
    if (channel === "*") return "All visits";
    const title = about?.channels?.[channel] ?? channel;
    return operation === "*" ? `${title}, all` : `${title} · ${operation}`;
  };

  // The first thing a user of this page wants to see is this tab.
  const url = new URL(window.location.href);
  if (!url.searchParams.has("tab")) {
    url.searchParams.set("tab", TAB);
    window.history.replaceState(null, "", url);
  }
  const isOurTab = () => new URLSearchParams(window.location.search).get("tab") === TAB;

  const TILES = [
    ["due", "Arrivals due"],
    ["sent", "Arrivals sent"],
    ["visits", "Visits ended"],
    ["success", "Success, 95 % interval"],
    ["p95", "Response p95"],
    ["lag", "Lag p99"],
  ];
  const COLUMNS = [
    ["Channel · operation", "first choice for arrivals, place for visits"],
    ["Due", "arrivals due so far"],
    ["Sent", "arrivals started"],
    ["Visits", "visits ended"],
    ["Success", "share of visits that were served, with its 95 % Wilson interval"],
    ["Predicted", "share that the simulation of the same arrivals serves by now"],
    ["Target", "share that the model asks for"],
    ["p50", "median response time, exact, from the due time"],
    ["p95", "95th percentile, exact"],
    ["p99", "99th percentile, exact"],
    ["p95 pred.", "predicted 95th percentile"],
    ["Lag p99", "how late the generator started arrivals"],
    ["Verdict", "of the criteria that speak of this row"],
  ];

  const build = () => {
    const root = element("section", "ff");
    root.id = "footfall";
    root.setAttribute("aria-label", "Footfall");
    const head = element("header", "ff-head");
    const titles = element("div", "ff-titles");
    const title = element("h2", "ff-title");
    const line = element("p", "ff-line-of-words");
    titles.append(title, line);
    const verdict = element("div", "ff-verdict");
    head.append(titles, verdict);
    const status = element("p", "ff-status");
    status.setAttribute("role", "status");
    const bar = element("progress", "ff-progress");
    bar.max = 1;
    const tiles = element("dl", "ff-tiles");
    const tile = {};
    for (const [key, name] of TILES) {
      const box = element("div", "ff-tile");
      tile[key] = element("dd", "", dash);
      tile[`${key}_note`] = element("dd", "ff-note", "");
      box.append(element("dt", "", name), tile[key], tile[`${key}_note`]);
      tiles.append(box);
    }
    const what = element("p", "ff-what");
    const grid = element("div", "ff-charts");
    const charts = {
      arrivals: chart("Arrivals due and sent", "per second"),
      success: chart("Success so far", "share of ended visits"),
      p95: chart("Response time p95", "from due time, last visits"),
      lag: chart("Lag p99", "of all starts in the second"),
    };
    grid.append(...Object.values(charts).map((each) => each.figure));
    const criteria = element("section", "ff-criteria");
    const rows = element("section", "ff-rows");
    const table = element("table", "ff-table");
    const heads = element("tr");
    for (const [name, help] of COLUMNS) {
      const cell = element("th", "", name);
      cell.title = help;
      cell.scope = "col";
      heads.append(cell);
    }
    const body = element("tbody");
    const thead = element("thead");
    thead.append(heads);
    table.append(thead, body);
    const scroll = element("div", "ff-scroll");
    scroll.append(table);
    rows.append(element("h3", "", "By channel and operation"), scroll);
    const runs = element("section", "ff-runs");
    const searching = search.build();
    root.append(head, status, bar, tiles, what, grid, criteria, rows, searching.root, runs);
    return { root, title, line, verdict, status, bar, tile, tiles, what, grid, charts, criteria, rows, body, searching, runs };
  };

  const STATUS = {
    none: () => "No run yet: choose what to test and press Start.",
    preparing: (page) => `Preparing: ${page.phase || "starting"} … No request is sent before this is done.`,
    running: (page, live) => `Running: ${Math.max(0, live?.now_s ?? 0).toFixed(0)} of ${+page.about.length_s.toFixed(1)} s`,
    reporting: () => "The run is over. Judging it and writing the report …",
    over: (page, live) =>
      `${live.status === "partial" ? "Stopped before its end; the counts add up" : "Finished"}: ${live.reason}.`,
    stopped: (page) => page.error,
    failed: (page) => page.error,
  };

  const isSearch = (page) => page.kind !== "load" && ["running", "reporting", "over"].includes(page.state);
  const statusOf = (page, live) =>
    isSearch(page) ? search.statusOf(page, live, nowS()) : STATUS[page.state](page, live);
  // The server's clock: times of a search are shown by it.
  const nowS = () => Date.now() / 1000 + skewS;

  const showParts = (hasFigures) => {
    for (const part of ["tiles", "what", "grid", "criteria", "rows", "verdict"]) panel[part].hidden = !hasFigures;
  };

  const show = () => {
    if (!panel) return;
    if (!shown) {
      setText(panel.status, "Asking Locust …");
      panel.bar.hidden = true;
      showParts(false);
      panel.searching.root.hidden = true;
      return;
    }
    const { page, live } = shown;
    const ofSearch = page.kind !== "load";
    const about = page.about;
    const hasRun = Boolean(about.title);
    setText(panel.title, hasRun ? about.title : "Footfall");
    setText(panel.line, !hasRun ? "" : ofSearch ? search.wordsOf(page) : wordsOf(about, page.runs[0]));
    const isWithout = ofSearch && page.state === "over" && search.isWithoutAnswer(live);
    panel.status.className = `ff-status ff-state-${page.state}${isWithout ? " ff-is-without" : ""}`;
    setText(panel.status, statusOf(page, live));
    const isRunning = page.state === "running";
    panel.bar.hidden = !["preparing", "running", "reporting"].includes(page.state);
    const share = ofSearch ? search.shareOf(page, live, nowS()) : Math.min((live?.now_s ?? 0) / about.length_s, 1);
    if (isRunning && isNumber(share)) panel.bar.value = share;
    else panel.bar.removeAttribute("value");
    const hasFigures = Boolean(live?.rows);
    showParts(hasFigures);
    search.show(panel.searching, page, ofSearch ? live : null, nowS());
    if (ofSearch && live) {
      panel.verdict.hidden = !live.is_final;
      panel.verdict.replaceChildren(...(live.verdict ? [chip(live.verdict)] : []), ...reportLinks(page, live));
    }
    if (hasFigures) {
      panel.verdict.replaceChildren(
        element("span", "ff-verdict-head", live.is_final ? "Verdict" : "So far"),
        chip(live.verdict),
        ...reportLinks(page, live),
      );
      showTiles(live, about);
      showCharts(live, about);
      showCriteria(live);
      showRows(live, about);
    }
    showRuns(page);
  };

  // The report of a run that is over, where it is seen at once.
  const reportLinks = (page, live) => {
    const run = page.runs.find((each) => each.number === page.number);
    const report = run?.files.find((file) => file.name.endsWith(".html"));
    if (!live.is_final || !report) return [];
    const link = element("a", "ff-report", "Open the report");
    link.href = `${BASE}/runs/${run.number}/${report.name}`;
    link.target = "_blank";
    return [link];
  };

  const wordsOf = (about, run) =>
    [
      about.question,
      `${about.model}, ${clock(about.starts_s)} to ${clock(about.starts_s + about.window_s)}`,
      `speed ${about.speed} ×`,
      `scale ${about.scale}`,
      `seed ${about.seed}`,
      run?.host ? `at ${run.host}` : "",
    ]
      .filter(Boolean)
      .join(" · ");

  const showTiles = (live, about) => {
    const row = live.rows.find((each) => `${each.channel}.${each.operation}` === scope) ?? live.rows[0];
    const { tile } = panel;
    const all = row.channel === "*";
    setText(tile.due, count(row.due));
    setText(tile.due_note, all ? `of ${count(about.arrivals)}` : "by first choice");
    setText(tile.sent, count(row.sent));
    const behind = `${count(row.due - row.sent)} ${live.is_final ? "not sent" : "to come"}`;
    setText(tile.sent_note, row.due > row.sent ? behind : "all that are due");
    setText(tile.visits, count(row.measured_visits));
    setText(tile.visits_note, `${count(row.served)} served`);
    setText(tile.success, percent(row.measured_success_share));
    setText(tile.success_note, interval(row));
    setText(tile.p95, duration(row.measured_response_s_p95));
    setText(tile.p95_note, `predicted ${duration(row.predicted_response_s_p95)}`);
    setText(tile.lag, duration(row.lag_s_p99));
    setText(tile.lag_note, all ? `at most ${duration(live.lag_s.max)}` : "of these arrivals");
    setText(panel.what, `Curves: ${nameOf(row.channel, row.operation, about)}. Choose a row of the table for others.`);
  };

  const interval = (row) =>
    isNumber(row.measured_success_share_low)
      ? `${(row.measured_success_share_low * 100).toFixed(1)} to ${percent(row.measured_success_share_high)}`
      : "no visit yet";

  const constant = (value, series) => series.at_s.map(() => value);

  const showCharts = (live, about) => {
    const series = live.series[scope] ?? live.series[ALL];
    if (!series) return;
    const common = { at_s: series.at_s, now_s: live.is_final ? 0 : live.now_s };
    const { charts } = panel;
    draw(charts.arrivals, {
      ...common,
      format: (value) => String(+value.toFixed(1)),
      exact: (value) => `${+value.toFixed(2)} per s`,
      lines: [
        { name: "due", kind: "due", values: series.due_per_s, isStep: true, isFilled: true },
        { name: "sent", kind: "measured", values: series.sent_per_s, isStep: true },
      ],
    });
    const row = live.rows.find((each) => `${each.channel}.${each.operation}` === scope);
    const target = row?.target_share;
    const success = [
      {
        name: "measured, 95 % interval",
        kind: "measured",
        values: series.success_share,
        low: series.success_share_low,
        high: series.success_share_high,
      },
      { name: "predicted", kind: "predicted", values: series.predicted_success_share },
    ];
    if (isNumber(target)) {
      success.push({ name: `target ${percent(target)}`, kind: "target", values: constant(target, series) });
    }
    draw(charts.success, {
      ...common,
      format: (value) => `${+(value * 100).toFixed(1)} %`,
      exact: (value) => percent(value),
      high: 1.005,
      low: (values) => Math.max(0, Math.floor((Math.min(...values, 0.9) - 0.02) * 10) / 10),
      lines: success,
    });
    draw(charts.p95, times(common, [
      { name: "measured", kind: "measured", values: series.response_s_p95 },
      { name: "predicted", kind: "predicted", values: series.predicted_response_s_p95 },
      limit(series, series.response_s_p95_limit),
    ]));
    draw(charts.lag, times(common, [
      { name: "measured", kind: "measured", values: series.lag_s_p99 },
      limit(series, series.lag_s_p99_limit),
    ], 0.002));
  };

  // A limit far above all that happens is named and not drawn to scale.
  const limit = (series, value) =>
    isNumber(value) ? { name: `limit ${duration(value)}`, kind: "target", values: constant(value, series), isOutside: true } : null;

  const times = (common, lines, leastHigh = 0.01) => {
    const drawn = lines.filter(Boolean);
    const most = Math.max(...drawn.flatMap((line) => (line.isOutside ? [] : line.values)).filter(isNumber), leastHigh);
    const inMs = most < 1;
    for (const line of drawn) {
      if (!line.isOutside) continue;
      const far = line.values[0] > most * 2;
      line.isOutside = far;
      if (far) {
        line.name += " (above)";
        line.values = [];
      }
    }
    return {
      ...common,
      leastHigh,
      format: (value) => (inMs ? `${+(value * 1000).toFixed(1)} ms` : `${+value.toFixed(2)} s`),
      exact: duration,
      lines: drawn,
    };
  };

  const showCriteria = (live) => {
    const list = element("ul");
    for (const each of live.criteria) {
      const item = element("li");
      const words = element("div");
      words.append(element("code", "", each.criterion), element("span", "ff-reason", each.reason));
      item.append(chip(each.verdict), words);
      list.append(item);
    }
    const head = element("h3", "", live.is_final ? "Criteria" : "Criteria so far");
    if (!live.criteria.length) list.append(element("li", "", "This run has no criteria, so there is no verdict."));
    panel.criteria.replaceChildren(head, list);
  };

  const cellsOf = (row) => [
    count(row.due),
    count(row.sent),
    count(row.measured_visits),
    null,
    percent(row.predicted_success_share),
    percent(row.target_share),
    duration(row.measured_response_s_p50),
    duration(row.measured_response_s_p95),
    duration(row.measured_response_s_p99),
    duration(row.predicted_response_s_p95),
    duration(row.lag_s_p99),
  ];

  const showRows = (live, about) => {
    const known = new Map([...panel.body.children].map((each) => [each.dataset.scope, each]));
    for (const row of live.rows) {
      const key = `${row.channel}.${row.operation}`;
      const line = known.get(key) ?? newRow(key);
      known.delete(key);
      line.className = [row.operation === "*" ? "ff-total" : "", key === scope ? "ff-chosen" : ""].join(" ").trim();
      const cells = line.children;
      setText(cells[0].firstChild, nameOf(row.channel, row.operation, about));
      cells[0].firstChild.setAttribute("aria-pressed", String(key === scope));
      cellsOf(row).forEach((text, index) => {
        if (text !== null) setText(cells[index + 1], text);
      });
      setText(cells[4].firstChild, percent(row.measured_success_share));
      setText(cells[4].lastChild, isNumber(row.measured_success_share_low) ? interval(row) : "");
      if (line.dataset.verdict !== String(row.verdict)) {
        line.dataset.verdict = String(row.verdict);
        cells[12].replaceChildren(row.verdict ? chip(row.verdict) : dash);
      }
      panel.body.append(line);
    }
    for (const gone of known.values()) gone.remove();
  };

  const newRow = (key) => {
    const line = element("tr");
    line.dataset.scope = key;
    COLUMNS.forEach((_, index) => line.append(element(index ? "td" : "th")));
    line.children[0].scope = "row";
    const button = element("button");
    button.type = "button";
    line.children[0].append(button);
    line.children[4].append(element("span"), element("small"));
    line.addEventListener("click", () => {
      scope = key;
      show();
      ask();
    });
    return line;
  };

  const showRuns = (page) => {
    const done = page.runs.filter((run) => run.files.length || run.error);
    const key = JSON.stringify(done);
    if (panel.runs.dataset.key === key) return;
    panel.runs.dataset.key = key;
    panel.runs.replaceChildren();
    if (!done.length) return;
    const list = element("ul");
    for (const run of done) {
      const item = element("li");
      const found = run.answer ? ` · ${run.answer}` : "";
      const words = element("span", "ff-run", `${run.number}. ${run.title || "not begun"} · ${run.started_at.replace("T", " ").slice(0, 19)} UTC${found}`);
      item.append(run.verdict ? chip(run.verdict) : element("span", "ff-chip ff-is-none", run.state), words);
      const links = element("span", "ff-links");
      for (const file of run.files) {
        const link = element("a", "", file.title);
        link.href = `${BASE}/runs/${run.number}/${file.name}`;
        if (file.name.endsWith(".html")) link.target = "_blank";
        links.append(link);
      }
      if (run.error) links.append(element("span", "ff-reason", run.error));
      item.append(links);
      list.append(item);
    }
    panel.runs.append(element("h3", "", "Runs of this page, and their files"), list);
  };

  // On the start page, where there are no tabs: what went wrong, or what is being made ready.
  const showBanner = () => {
    const form = document.querySelector("main form");
    let banner = document.getElementById("footfall-banner");
    const page = shown?.page;
    const hasTabs = Boolean(document.querySelector(".MuiTabs-root"));
    const isWanted = form && page && !hasTabs && ["failed", "preparing", "stopped"].includes(page.state);
    if (!isWanted) {
      banner?.remove();
      // The form was loaded while a run was made ready: Locust shows its tabs only after a new look.
      if (form && !hasTabs && page?.state === "running" && reloaded !== page.number) {
        reloaded = page.number;
        window.location.reload();
      }
      return;
    }
    if (!banner) {
      banner = element("div", "ff");
      banner.id = "footfall-banner";
      banner.append(element("p"));
      banner.firstChild.setAttribute("role", "status");
      form.before(banner);
    }
    banner.firstChild.className = `ff-status ff-state-${page.state}`;
    setText(banner.firstChild, statusOf(page, shown.live));
  };

  const theme = () => {
    const colour = window.getComputedStyle(document.body).backgroundColor.match(/[\d.]+/g)?.map(Number) ?? [255, 255, 255];
    const isDark = colour[0] * 0.3 + colour[1] * 0.59 + colour[2] * 0.11 < 128;
    document.documentElement.dataset.footfallTheme = isDark ? "dark" : "light";
  };

  const openParameters = () => {
    for (const summary of document.querySelectorAll(".MuiAccordionSummary-root:not([data-footfall])")) {
      if (!summary.textContent.startsWith("Custom parameters")) continue;
      summary.dataset.footfall = "opened";
      if (summary.getAttribute("aria-expanded") === "false") summary.click();
    }
  };

  const mount = () => {
    theme();
    openParameters();
    const place = document.querySelector(".MuiTabs-root")?.closest(".MuiContainer-root");
    const isNew = Boolean(place && !panel);
    if (isNew) panel = build();
    if (place && panel.root.parentNode !== place) place.append(panel.root);
    const wasHidden = isNew || panel?.root.hidden;
    if (panel) panel.root.hidden = !isOurTab();
    if (panel && wasHidden && !panel.root.hidden) {
      show();
      nextAt = 0;
    }
    showBanner();
  };

  const isLookedAt = () =>
    document.visibilityState === "visible" && (!document.querySelector(".MuiTabs-root") || isOurTab());

  const ask = async () => {
    if (isAsking) return;
    isAsking = true;
    try {
      const answer = await window.fetch(`${BASE}/state?scope=${encodeURIComponent(scope)}`, { redirect: "error" });
      if (!answer.ok) throw new Error(String(answer.status));
      const data = await answer.json();
      if (data.page.number !== shown?.page.number) scope = ALL;
      skewS = data.page.now_unix_s - Date.now() / 1000;
      shown = data;
      const isBusy = ["preparing", "running", "reporting"].includes(data.page.state);
      const isMissing = data.live?.series && !data.live.series[scope];
      nextAt = Date.now() + (isBusy || isMissing ? EVERY_MS : CALM_MS) - 50;
      show();
      showBanner();
    } catch {
      if (panel) {
        panel.status.className = "ff-status ff-state-failed";
        setText(panel.status, "Locust does not answer; trying again …");
      }
      nextAt = Date.now() + CALM_MS;
    } finally {
      isAsking = false;
    }
  };

  // The body and not Locust's root: its dialogs stand beside the root.
  new MutationObserver(mount).observe(document.body, { childList: true, subtree: true });
  for (const name of ["pushState", "replaceState"]) {
    const before = window.history[name].bind(window.history);
    window.history[name] = (...given) => {
      before(...given);
      mount();
    };
  }
  window.addEventListener("popstate", mount);
  window.addEventListener("resize", show);
  document.addEventListener("visibilitychange", () => {
    nextAt = 0;
  });
  window.setInterval(() => {
    theme();
    if (isLookedAt() && Date.now() >= nextAt) ask();
  }, 250);
  mount();
})();
