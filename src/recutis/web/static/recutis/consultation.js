// The consultation: which version of the record the page shows, small manners of its questions, and where to go next.
"use strict";
(() => {
  const inside = (node) => node instanceof Element && node.closest("#consultation, #panel");
  document.addEventListener("htmx:configRequest", (event) => {
    const version = document.getElementById("file-version");
    if (version && inside(event.detail.elt) && event.detail.verb === "post") event.detail.parameters.file_version = version.value;
  });
  // "None" and anything else exclude each other; a day means "stopped".
  document.addEventListener("input", (event) => {
    const input = event.target, ask = input.closest?.(".ask");
    if (!ask) return;
    if (input.type === "range") ask.querySelector("[id$='-unset']")?.removeAttribute("hidden");
    const none = ask.querySelector("[data-none]");
    if (none && input === none && none.checked) {
      ask.querySelectorAll("input[type=checkbox]:checked").forEach((box) => { if (box !== none) box.checked = false; });
      const text = ask.querySelector("textarea");
      if (text && text.value.trim() && !window.confirm("Take out what is written and say “none”?")) none.checked = false;
      else if (text) text.value = "";
    } else if (none && (input.tagName === "TEXTAREA" ? input.value.trim() : input.checked)) {
      none.checked = false;
    }
    if (input.matches("[data-day]") && input.value) ask.querySelector("[data-with-day]").checked = true;
    if (input.matches("input[type=radio]") && !input.matches("[data-with-day]")) {
      const day = ask.querySelector("[data-day]");
      if (day) day.value = "";
    }
  }, true);
  // What is wrong is said to those who do not see it, too.
  function marks() {
    document.querySelectorAll("#consultation .ask").forEach((ask) => {
      const state = ask.querySelector(":scope > .state");
      ask.querySelectorAll("input, select, textarea").forEach((input) => {
        if (input.closest(".ask") !== ask) return;
        if (state?.hasAttribute("data-wrong")) input.setAttribute("aria-invalid", "true");
        else input.removeAttribute("aria-invalid");
      });
    });
  }
  document.addEventListener("htmx:oobAfterSwap", marks);
  // The panel is written anew with each answer: it stays where it was scrolled to, and what was unfolded stays so.
  let kept = null;
  document.addEventListener("htmx:oobBeforeSwap", (event) => {
    const old = event.detail.target;
    if (old?.id !== "panel") return;
    const written = [...old.querySelectorAll("details[open] textarea")].map((text) => [text.id, text.value]);
    kept = { top: old.scrollTop, open: [...old.querySelectorAll("details[open]")].map((folded) => folded.id), written };
  });
  document.addEventListener("htmx:oobAfterSwap", () => {
    const panel = document.getElementById("panel");
    if (!kept || !panel) return;
    kept.open.forEach((id) => { const folded = document.getElementById(id); if (folded) folded.open = true; });
    kept.written.forEach(([id, value]) => { const text = document.getElementById(id); if (text && !text.value) text.value = value; });
    panel.scrollTop = kept.top;
    kept = null;
  });
  // An answer that the server did not take for want of a connection is sent again until it is taken.
  const unsaved = new Set();
  const askOf = (event) => event.detail.elt?.closest?.(".ask[hx-post]");
  function missed(event) {
    const ask = askOf(event), state = ask?.querySelector(":scope > .state");
    if (!ask || (event.type === "htmx:responseError" && event.detail.xhr.status < 500)) return;
    unsaved.add(ask.id);
    if (state) state.textContent = "Not saved yet: the server cannot be reached. It is tried again every few seconds.";
    state?.classList.add("error");
  }
  document.addEventListener("htmx:sendError", missed);
  document.addEventListener("htmx:responseError", missed);
  document.addEventListener("htmx:afterOnLoad", (event) => {
    const ask = askOf(event);
    if (ask && event.detail.xhr.status < 500) unsaved.delete(ask.id);
    if (!unsaved.size && event.detail.xhr.status < 500) document.getElementById("live")?.setAttribute("hidden", "");
  });
  setInterval(() => unsaved.forEach((id) => {
    const ask = document.getElementById(id);
    if (ask) window.htmx.trigger(ask, "change"); else unsaved.delete(id);
  }), 4000);
  window.addEventListener("beforeunload", (event) => { if (unsaved.size) event.preventDefault(); });
  // An answer given while the one before is on its way waits in line. Where that one's reply draws the question anew, the
  // question that waited is gone from the page and its answer with it: it is put into the new one and sent from there.
  const waiting = new Map();
  const answersOf = (ask) => [...ask.querySelectorAll("input, select, textarea")].map((input) => [input.id, input.value, input.checked]);
  document.addEventListener("change", (event) => {
    const ask = event.target.closest?.("#consultation .ask[hx-post]");
    if (ask) waiting.set(ask.id, { ask, answers: answersOf(ask), sent: false });
  }, true);
  document.addEventListener("htmx:beforeSend", (event) => {
    const held = waiting.get(askOf(event)?.id);
    if (held) held.sent = true;
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const id = askOf(event)?.id;
    if (waiting.get(id)?.sent) waiting.delete(id);
  });
  document.addEventListener("htmx:oobAfterSwap", () => waiting.forEach((held, id) => {
    const now = document.getElementById(id);
    if (held.sent || held.ask.isConnected || !now) return;
    held.ask = now;
    held.answers.forEach(([input, value, checked]) => {
      const place = document.getElementById(input);
      if (!place) return;
      if (place.type === "radio" || place.type === "checkbox") place.checked = checked; else place.value = value;
    });
    setTimeout(() => window.htmx.trigger(now, "change"), 100); // htmx takes a new element up some milliseconds after it is there
  }));
  // From the panel to the question, also when it is folded away.
  function go(name) {
    const place = document.getElementById(name) ?? document.getElementById(name.replace(/-[^-]*$/, ""));
    if (!place) return;
    for (let folded = place.closest("details"); folded; folded = folded.parentElement.closest("details")) folded.open = true;
    const input = place.querySelector("input:checked, select, textarea, input:not([type=hidden]), button") ?? place;
    place.scrollIntoView({ block: "center" });
    input.focus({ preventScroll: true });
  }
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-to]");
    if (link && document.getElementById(link.dataset.to)) { event.preventDefault(); go(link.dataset.to); }
  });
  document.addEventListener("focusOn", (event) => go(event.detail.value));
})();
