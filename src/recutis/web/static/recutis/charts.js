/* Charts of the page. A chart is an element with the class "chart" and one of
 *   data-figure="id"        the id of a <script type="application/json"> that holds {data, layout, config, moments?}
 *   data-figure-url="url"   where that JSON is fetched
 * Colours written var(--name) are taken from the page's custom properties and again when the theme changes.
 *
 * Choosing: a click on a point with customdata dispatches "recutis:chosen" (detail.row) on the chart. Where the chart has
 * data-choose-url, htmx asks for it with row=…, by data-choose-method (get), into data-choose-target. A <select> with
 * data-chart-choice="id of the chart" and buttons with data-chart-choice and data-row do the same by keyboard; all are kept in step.
 *
 * Moments: <input type="range" data-chart-moments="ids of charts" data-steps="id of JSON"> shows one moment in each chart.
 * Steps are [{time, frames: [one number a chart]}], time in words; without them the value is the moment of every chart.
 */
"use strict";

(() => {
  const drawn = new Map(); // chart → {text, figure, shown}
  const paint = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const probe = document.createElement("span");

  function colour(text) {
    probe.style.color = "";
    probe.style.color = text;
    paint.clearRect(0, 0, 1, 1);
    paint.fillStyle = getComputedStyle(probe).color;
    paint.fillRect(0, 0, 1, 1);
    const [red, green, blue, alpha] = paint.getImageData(0, 0, 1, 1).data;
    return `rgba(${red},${green},${blue},${(alpha / 255).toFixed(3)})`;
  }

  function themed(value) {
    if (typeof value === "string") return value.startsWith("var(--") ? colour(value) : value;
    if (Array.isArray(value)) return typeof value.at(-1) === "number" ? value : value.map(themed);
    if (value !== null && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, themed(inner)]));
    }
    return value;
  }

  async function figureText(chart) {
    if (chart.dataset.figure) return document.getElementById(chart.dataset.figure)?.textContent ?? "";
    const answer = await fetch(chart.dataset.figureUrl, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(`The chart's data could not be read: ${answer.status} ${answer.statusText}`);
    return answer.text();
  }

  function plot(chart) {
    const { figure } = drawn.get(chart);
    const { data, layout } = themed({ data: figure.data, layout: figure.layout });
    layout.width = chart.clientWidth;
    layout.height = chart.clientHeight;
    numbered(data, layout);
    return window.Plotly.react(chart, data, layout, figure.config);
  }

  /* Numbers of options stand on their marks as annotations, which never move the marks. */
  function numbered(data, layout) {
    for (const trace of data) {
      (trace.meta?.labels ?? []).forEach((text, at) => {
        const font = { size: 12, color: colour("var(--surface-raised)") };
        layout.annotations = [...(layout.annotations ?? []), { x: trace.x[at], y: trace.y[at], text, font, showarrow: false }];
      });
    }
  }

  async function draw(chart) {
    const text = await figureText(chart);
    if (!text || drawn.get(chart)?.text === text) return;
    const first = !drawn.has(chart);
    drawn.set(chart, { text, figure: JSON.parse(text), shown: 0 });
    await plot(chart);
    if (first) {
      chart.on("plotly_click", (event) => {
        const row = event.points.map((point) => point.customdata).find((value) => value !== undefined && value !== null);
        if (row !== undefined) choose(chart, String(row));
      });
      resized.observe(chart);
    }
    document.querySelectorAll("input[data-chart-moments]").forEach((input) => {
      if (chartsOf(input).includes(chart)) showMoment(input);
    });
  }

  function choose(chart, row) {
    ring(chart, row);
    follow(chart, row);
    chart.dispatchEvent(new CustomEvent("recutis:chosen", { bubbles: true, detail: { row } }));
    const { chooseUrl, chooseMethod, chooseTarget, chooseSwap } = chart.dataset;
    if (chooseUrl && window.htmx) {
      const asked = { source: chart, target: chooseTarget ?? chart, swap: chooseSwap, values: { row } };
      window.htmx.ajax((chooseMethod ?? "get").toUpperCase(), chooseUrl, asked);
    }
  }

  function ring(chart, row) {
    const { figure } = drawn.get(chart) ?? {};
    const at = figure?.data.findIndex((trace) => trace.meta?.ring) ?? -1;
    if (at < 0) return;
    for (const trace of figure.data) {
      const place = (trace.customdata ?? []).findIndex((value) => String(value) === row);
      if (place >= 0) {
        [figure.data[at].x, figure.data[at].y] = [[trace.x[place]], [trace.y[place]]];
        window.Plotly.restyle(chart, { x: [figure.data[at].x], y: [figure.data[at].y] }, [at]);
        return;
      }
    }
  }

  function follow(chart, row) {
    document.querySelectorAll(`[data-chart-choice="${CSS.escape(chart.id)}"]`).forEach((other) => {
      if (other.matches("select")) {
        if (![...other.options].some((option) => option.value === row)) other.add(new Option(told(chart, row), row), 0);
        other.value = row;
      } else {
        other.setAttribute("aria-pressed", String(other.dataset.row === row));
      }
    });
  }

  /* What a point says, as one line of plain text; the server has escaped it for the chart. */
  function told(chart, row) {
    for (const trace of drawn.get(chart)?.figure.data ?? []) {
      const place = (trace.customdata ?? []).findIndex((value) => String(value) === row);
      const page = place >= 0 && new DOMParser().parseFromString(trace.text[place].replaceAll("<br>", " · "), "text/html");
      if (page) return page.body.textContent;
    }
    return row;
  }

  const chartsOf = (input) => input.dataset.chartMoments.trim().split(/\s+/).map((id) => document.getElementById(id));

  function showMoment(input) {
    const at = Number(input.value);
    const steps = input.dataset.steps && JSON.parse(document.getElementById(input.dataset.steps).textContent);
    chartsOf(input).forEach((chart, place) => {
      if (drawn.has(chart)) moment(chart, steps ? steps[at].frames[place] : at, input);
    });
    if (steps?.[at].time) say(input, steps[at].time);
  }

  function say(input, words) {
    input.setAttribute("aria-valuetext", words);
    document.querySelectorAll(`output[for~="${CSS.escape(input.id)}"]`).forEach((output) => {
      output.textContent = words;
    });
  }

  function moment(chart, at, input) {
    const { figure } = drawn.get(chart);
    const line = (figure.layout.shapes ?? []).findIndex((shape) => shape.name === "moment");
    if (line >= 0) {
      Object.assign(figure.layout.shapes[line], { x0: at, x1: at });
      window.Plotly.relayout(chart, { [`shapes[${line}].x0`]: at, [`shapes[${line}].x1`]: at });
    }
    const now = figure.moments?.[at];
    if (!now) return;
    for (const [trace, rows] of Object.entries(now.maps)) figure.data[trace].z = rows.map(mirrored);
    for (const [trace, row] of Object.entries(now.lines)) figure.data[trace].y = mirrored(row);
    plot(chart);
    say(input, now.time);
  }

  const mirrored = (row) => [...row.slice(1).reverse(), ...row];

  const resized = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      if (target.clientWidth && drawn.has(target)) {
        window.Plotly.relayout(target, { width: target.clientWidth, height: target.clientHeight });
      }
    }
  });

  function refresh() {
    for (const chart of drawn.keys()) {
      if (!chart.isConnected) {
        resized.unobserve(chart);
        window.Plotly.purge(chart);
        drawn.delete(chart);
      }
    }
    document.querySelectorAll(".chart[data-figure], .chart[data-figure-url]").forEach((chart) => {
      if (!chart.dataset.figureUrl || !drawn.has(chart)) draw(chart).catch((problem) => tell(chart, problem));
    });
  }

  function tell(chart, problem) {
    const words = document.createElement("p");
    words.setAttribute("role", "alert");
    words.textContent = problem.message;
    chart.replaceChildren(words);
  }

  function repaint() {
    for (const chart of drawn.keys()) plot(chart);
  }

  document.addEventListener("change", (event) => {
    const select = event.target.closest?.("select[data-chart-choice]");
    const chart = select && document.getElementById(select.dataset.chartChoice);
    if (chart && select.value) choose(chart, select.value);
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("button[data-chart-choice][data-row]");
    const chart = button && document.getElementById(button.dataset.chartChoice);
    if (chart) choose(chart, button.dataset.row);
  });
  document.addEventListener("input", (event) => {
    if (event.target.matches?.("input[data-chart-moments]")) showMoment(event.target);
  });
  document.addEventListener("htmx:afterSettle", refresh);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
  new MutationObserver(repaint).observe(document.documentElement, { attributeFilter: ["class", "data-theme"] });

  function start() {
    probe.hidden = true;
    document.body.append(probe);
    refresh();
  }
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
