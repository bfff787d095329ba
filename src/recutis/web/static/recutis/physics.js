// The physics page: knobs that step by what matters at their value, and a film that plays.
"use strict";
(() => {
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const MOMENT_MS = 450, CALM_MS = 1500;
  let timer = null;
  let kept = null;

  /* About a tenth of the value, as 1, 2 or 5 times a power of ten; whole numbers by one. */
  function step(input, value) {
    if ("whole" in input.dataset) return 1;
    const raw = Math.max(Math.abs(value), Math.abs(Number(input.dataset.high)) / 1e3) / 10;
    const power = 10 ** Math.floor(Math.log10(raw));
    return (raw / power < 1.5 ? 1 : raw / power < 3.5 ? 2 : 5) * power;
  }

  function turn(input, way) {
    const typed = input.value.trim();
    const value = Number(typed === "" ? input.dataset.usual : typed.replace(/[^\d.eE+-].*$/, ""));
    if (!Number.isFinite(value)) return;
    const size = step(input, way < 0 ? value * 0.999 : value);
    const low = Number(input.dataset.low), high = Number(input.dataset.high);
    const next = Math.min(Math.max(Math.round(value / size + way) * size, low), high);
    input.value = String(Number(next.toPrecision(6)));
    input.dispatchEvent(new Event("input", { bubbles: true }));
  }

  const slider = () => document.getElementById("moment");

  function show(input, at) {
    input.value = String(at);
    input.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function stop() {
    clearInterval(timer);
    timer = null;
    label();
  }

  function label() {
    document.querySelectorAll("button[data-play]").forEach((button) => {
      button.setAttribute("aria-pressed", String(timer !== null));
      button.textContent = timer === null ? "Play" : "Pause";
    });
  }

  function play() {
    const input = slider();
    if (!input) return;
    if (Number(input.value) >= Number(input.max)) show(input, 0);
    timer = setInterval(() => {
      const now = slider();
      if (!now || Number(now.value) >= Number(now.max)) stop();
      else show(now, Number(now.value) + 1);
    }, still.matches ? CALM_MS : MOMENT_MS);
    label();
  }

  document.addEventListener("click", (event) => {
    const knob = event.target.closest?.("button[data-knob]");
    const input = knob && document.getElementById(knob.dataset.knob);
    if (input) turn(input, Number(knob.dataset.turn));
    if (event.target.closest?.("button[data-play]")) timer === null ? play() : stop();
    const one = event.target.closest?.("button[data-moment-step]");
    if (one && slider()) {
      stop();
      show(slider(), Number(slider().value) + Number(one.dataset.momentStep));
    }
  });
  document.addEventListener("keydown", (event) => {
    const input = event.target;
    if (!(input instanceof HTMLInputElement) || !("low" in input.dataset)) return;
    if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
    event.preventDefault();
    turn(input, event.key === "ArrowUp" ? 1 : -1);
  });
  // Another view of the film starts at the same moment.
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target?.id === "pictures") kept = slider()?.value ?? null;
  });
  document.addEventListener("htmx:afterSwap", () => {
    if (kept !== null && slider()) show(slider(), kept);
    kept = null;
    label();
  });
  // A field is marked wrong as long as a sentence stands by it.
  document.addEventListener("htmx:afterSettle", () => {
    document.querySelectorAll("[aria-describedby]").forEach((field) => {
      const error = document.getElementById(`error-${field.name}`);
      if (error) error.textContent ? field.setAttribute("aria-invalid", "true") : field.removeAttribute("aria-invalid");
    });
  });
})();
