// The plan page: tabs of an option, sliders that are set by buttons, which course is shown.
"use strict";
(() => {
  let openTab = "settings";

  function openPart(box, key) {
    let open = null;
    for (const tab of box.querySelectorAll("[role=tab]")) {
      const mine = tab.id === `tab-${key}`;
      tab.setAttribute("aria-selected", String(mine));
      tab.tabIndex = mine ? 0 : -1;
      document.getElementById(tab.getAttribute("aria-controls")).hidden = !mine;
      if (mine) open = tab;
    }
    openTab = key;
    return open;
  }

  document.addEventListener("click", (event) => {
    const tab = event.target.closest("[data-tabs] [role=tab]");
    if (tab) openPart(tab.closest("[data-tabs]"), tab.id.replace("tab-", ""));
    const buy = event.target.closest("[data-goal]");
    if (buy) setGoal(buy.dataset.goal, buy.dataset.value);
    if (event.target.closest("[data-goals-back]")) back();
  });
  document.addEventListener("keydown", (event) => {
    const tab = event.target.closest?.("[data-tabs] [role=tab]");
    const step = { ArrowRight: 1, ArrowLeft: -1, Home: 0, End: 0 }[event.key];
    if (!tab || step === undefined) return;
    event.preventDefault();
    const box = tab.closest("[data-tabs]");
    const tabs = [...box.querySelectorAll("[role=tab]")];
    const at = event.key === "Home" ? 0 : event.key === "End" ? tabs.length - 1 : (tabs.indexOf(tab) + step + tabs.length) % tabs.length;
    openPart(box, tabs[at].id.replace("tab-", "")).focus();
  });

  const form = () => document.getElementById("goals");

  function setGoal(name, value) {
    const fields = form()?.elements[name];
    if (!fields) return;
    if (fields instanceof RadioNodeList) {
      for (const field of fields) field.checked = field.value === value;
      fields[0].dispatchEvent(new Event("input", { bubbles: true }));
      return;
    }
    if (Number(value) > Number(fields.max)) fields.max = value;
    fields.value = value;
    fields.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function back() {
    const own = JSON.parse(document.getElementById("own-goals")?.textContent ?? "{}");
    for (const [name, value] of Object.entries(own)) setGoal(name, value);
  }

  // A slider tells its value in words to those who hear it.
  document.addEventListener("input", (event) => {
    const input = event.target;
    if (!(input instanceof HTMLInputElement) || input.type !== "range") return;
    const output = document.querySelector(`output[for="${CSS.escape(input.id)}"]`);
    if (output) input.setAttribute("aria-valuetext", output.textContent);
  });

  // What is shown on the right stays on the chart when goals move.
  function follow() {
    const shown = document.querySelector("#chosen [data-shown-row]")?.dataset.shownRow;
    const field = document.getElementById("shown");
    if (shown !== undefined && field) field.value = shown;
  }
  document.addEventListener("htmx:afterSettle", () => {
    follow();
    for (const box of document.querySelectorAll("[data-tabs]")) openPart(box, openTab);
  });

  // On a phone the goals are folded until they are wanted, and what is chosen on the chart comes into view.
  const wide = matchMedia("(min-width: 82rem)");
  function fold() {
    const panel = document.querySelector(".goals-panel");
    if (panel) panel.open = wide.matches;
  }
  document.addEventListener("recutis:chosen", () => {
    const chosen = document.getElementById("chosen");
    if (chosen && matchMedia("(max-width: 60rem)").matches) chosen.scrollIntoView({ behavior: "smooth", block: "start" });
  });
  const start = () => { fold(); follow(); };
  wide.addEventListener("change", fold);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
