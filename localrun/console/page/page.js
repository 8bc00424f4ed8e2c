"use strict";
// Everything a log says reaches the page as text of a node, never as markup.

const REFRESH_MS = 1000;
const STALE_SECONDS = 12; // an engine that hangs is given up after 5 seconds, and there are two
const COLUMNS = ["time", "dataset", "service", "source", "user", "outcome", "message"];
const find = (id) => document.getElementById(id);
const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const fine = new Intl.NumberFormat("en", { maximumSignificantDigits: 2 });
const clock = (seconds) => `${new Date(seconds * 1000).toISOString().slice(11, 19)} UTC`; // as the logs
const rate = (value) => (value === null ? "–" : (value > 0 && value < 10 ? fine : whole).format(value));
const some = (value, unit) => (value === null ? "" : `${whole.format(value)} ${unit}`);

function say(id, text) {
  if (find(id).textContent !== text) find(id).textContent = text;
}

function element(tag, text, className) {
  const node = document.createElement(tag);
  if (text !== undefined) node.textContent = text;
  if (className) node.className = className;
  return node;
}

// Building the same nodes again would close what the reader has selected, and cost time for nothing.
const shown = new Map();
function list(id, items, build) {
  const now = JSON.stringify(items);
  if (shown.get(id) === now) return;
  shown.set(id, now);
  find(id).replaceChildren(...items.map(build));
}

function showProblems(problems) {
  list("problems", problems, (problem) => {
    const row = element("li");
    row.append(element("b", problem.what), problem.text, element("time", `since ${clock(problem.since)}`));
    return row;
  });
}

function showTiles({ records_in, documents, errors, latency }) {
  say("in-rate", rate(records_in.per_second));
  say("in-total", some(records_in.total, "since the start"));
  say("out-rate", rate(documents.per_second));
  say("out-total", some(documents.total, "searchable"));
  for (const name of ["p50", "p99"]) {
    const beyond = latency[name] === null && latency.slower > 0;
    say(name, beyond ? `> ${latency.window_seconds}` : latency[name] === null ? "–" : latency[name].toFixed(2));
    say(`${name}-of`, latency.documents || beyond ? `of ${whole.format(latency.documents + latency.slower)}, last minute` : "");
  }
  say("errors-total", errors.total === null ? "–" : whole.format(errors.total));
  say("errors-rate", errors.per_second === null ? "" : `${rate(errors.per_second)} /s now`);
  find("errors").classList.toggle("bad", errors.total > 0);
}

function drawRates(series, now) {
  const svg = find("rates");
  const { width, height } = svg.getBoundingClientRect();
  const [left, bottom, span] = [44, height - 20, 300];
  const values = [...series.records_in, ...series.documents].filter((value) => value !== null);
  const most = Math.max(10, ...values);
  const step = [1, 2, 2.5, 5, 10].map((n) => n * 10 ** Math.floor(Math.log10(most / 3))).find((n) => n * 4 >= most);
  const top = step * Math.ceil(most / step);
  const x = (time) => left + (width - left - 4) * (1 - (now - time) / span);
  const y = (value) => bottom - (bottom - 8) * (value / top);
  const parts = [];
  const add = (tag, attributes, text) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    if (text !== undefined) node.textContent = text;
    parts.push(node);
  };
  for (let value = 0; value <= top; value += step) {
    add("line", { x1: left, x2: width - 4, y1: y(value), y2: y(value) });
    add("text", { x: left - 6, y: y(value) + 4, "text-anchor": "end" }, new Intl.NumberFormat("en", { notation: "compact" }).format(value));
  }
  for (let minute = 0; minute <= 5; minute += 1) {
    const anchor = minute === 0 ? "end" : minute === 5 ? "start" : "middle";
    add("text", { x: x(now - minute * 60), y: height - 4, "text-anchor": anchor }, minute ? `−${minute} min` : "now");
  }
  for (const [name, className] of [["records_in", "in"], ["documents", "out"]]) {
    let path = "";
    series.time.forEach((time, index) => {
      const value = series[name][index];
      const joined = index > 0 && series[name][index - 1] !== null && time - series.time[index - 1] < 15;
      if (value !== null && x(time) >= left) path += `${path && joined ? "L" : "M"}${x(time).toFixed(1)} ${y(value).toFixed(1)}`;
    });
    add("path", { d: path, class: className });
  }
  svg.replaceChildren(...parts);
}

function showEvents(events, none) {
  const today = new Date().toISOString().slice(0, 11);
  find("no-events").hidden = !none;
  list("events", events, (event) => {
    const row = element("tr", undefined, ["failure", "success"].includes(event.outcome) ? event.outcome : "");
    for (const column of COLUMNS) {
      const text = column === "time" ? event.time.replace(today, "").replace(/[TZ]/g, " ") : event[column];
      const cell = element("td", text, column);
      cell.title = event[column];
      row.append(cell);
    }
    return row;
  });
}

function showRest(status) {
  say("environment", status.ready ? status.environment : "the pipeline is still being deployed");
  say("absent-count", String(status.absent.length));
  list("absent", status.absent, (text) => element("li", text));
  say("engines-count", String(status.engines.length));
  list("engines", status.engines, (engine) => element("li", `${engine.name}, process ${engine.pid}: ${engine.log}`));
  const applications = Object.entries(status.applications);
  find("applications-of").hidden = !applications.length;
  say("applications-count", String(applications.length));
  list("applications", applications, ([name, job]) => element("li", `${name}: ${job.state}, ` +
    `${job.records_in ?? 0} records in, ${job.records_out ?? 0} out, ${job.late ?? 0} late, ${job.restarts ?? 0} restarts`));
  list("links", Object.entries(status.links), ([text, url]) => Object.assign(element("a", text), { href: url }));
}

const UNKNOWN = {
  records_in: { total: null, per_second: null }, documents: { total: null, per_second: null },
  errors: { total: null, per_second: null }, latency: { p50: null, p99: null, documents: 0, slower: null },
};
let last = null; // time of the last status that came in
let changed = 0; // when that was, on this browser's clock, which may be another one
let silent = null; // since when the console itself does not answer

async function refresh() {
  try {
    const answer = await fetch("/api/status");
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    const status = await answer.json();
    silent = null;
    if (status.time !== last) [last, changed] = [status.time, Date.now()];
    const stale = Date.now() - changed > STALE_SECONDS * 1000;
    showProblems(stale ? [...status.problems, { what: "console", since: last, text: "has no newer numbers" }] : status.problems);
    showTiles(stale ? UNKNOWN : status.tiles);
    drawRates(status.series, status.time);
    showEvents(stale ? [] : status.events, !stale && status.tiles.documents.total === 0);
    showRest(status);
  } catch (error) {
    silent ??= Date.now() / 1000;
    showProblems([{ what: "console", since: silent, text: `does not answer (${error.message})` }]);
    showTiles(UNKNOWN);
    showEvents([], false);
  }
  say("updated", last === null ? "connecting …" : `as of ${clock(last)}`);
}

const views = new Map(); // panel name to the Vega view that draws it
const notes = new Map();

function theme() {
  const style = getComputedStyle(document.documentElement);
  const [ink, faint, line] = ["--ink", "--faint", "--line"].map((name) => style.getPropertyValue(name).trim());
  const text = { labelColor: faint, titleColor: faint, labelFont: "system-ui, sans-serif" };
  const range = { category: ["#4c78a8", "#d99a2b", "#3f9c6b", "#a05fb4", "#d1495b", "#5aa9b8", "#8a8f98"] };
  const axis = { ...text, gridColor: line, domainColor: line, tickColor: line, labelLimit: 150 };
  return { background: null, view: { stroke: null }, axis, legend: { ...text, labelColor: ink, orient: "bottom", labelLimit: 160 }, range };
}

async function showPanel(panel, problem) {
  if (!notes.has(panel.name)) {
    const box = element("div", undefined, "panel");
    const chart = element("div", undefined, "chart");
    const note = element("p", undefined, "note");
    box.append(element("h2", panel.title), note, chart);
    find("panels").append(box);
    notes.set(panel.name, { chart, note });
  }
  const { chart, note } = notes.get(panel.name);
  note.textContent = problem ?? panel.problem ?? (panel.rows.length ? "" : "Nothing arrived in the last five minutes.");
  chart.hidden = !panel.rows.length;
  if (!panel.rows.length) return;
  const view = views.get(panel.name);
  if (view) {
    await view.data("rows", panel.rows).runAsync();
  } else {
    const spec = { ...panel.spec, data: { ...panel.spec.data, values: panel.rows } };
    // "ast" reads Vega's expressions without eval, which the page's own policy forbids.
    const result = await window.vegaEmbed(chart, spec, { actions: false, ast: true, config: theme() });
    views.set(panel.name, result.view);
  }
}

async function refreshPanels() {
  const answer = await fetch("/api/panels");
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  const dashboard = await answer.json();
  for (const panel of dashboard.panels) await showPanel(panel, dashboard.problem?.text);
  return dashboard.refresh_seconds * 1000;
}

function loadLibrary() {
  return new Promise((done, failed) => {
    const script = Object.assign(element("script"), { src: "/vega.js", onload: done, onerror: () => failed(new Error("/vega.js")) });
    document.head.append(script);
  });
}

// One request at a time, and none while nobody looks.
async function repeat(work, otherwise) {
  for (;;) {
    let pause = otherwise;
    if (!document.hidden) {
      try {
        pause = (await work()) ?? otherwise;
      } catch (error) {
        console.warn(error);
        for (const { note } of notes.values()) note.textContent = "The panels are not up to date.";
      }
    }
    await new Promise((done) => setTimeout(done, pause));
  }
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  for (const view of views.values()) view.finalize();
  views.clear(); // drawn again, in the other colours, at the next refresh
});
repeat(refresh, REFRESH_MS);
loadLibrary().then(() => repeat(refreshPanels, 5000), () => {
  find("panels").append(element("p", "The panels are not drawn: their library, /vega.js, did not load."));
});
