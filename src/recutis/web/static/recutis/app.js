// What pages share: the CSRF token for htmx, its quiet configuration, and small manners of forms.
"use strict";
(() => {
  const token = () => document.querySelector('meta[name="csrf-token"]')?.content ?? "";
  document.addEventListener("htmx:configRequest", (event) => { event.detail.headers["X-CSRFToken"] = token(); });
  // A page that answers with an error still has something to say: show it where the answer belongs.
  document.addEventListener("htmx:beforeSwap", (event) => {
    if ([400, 403, 404, 409, 422, 429].includes(event.detail.xhr.status)) { event.detail.shouldSwap = true; event.detail.isError = false; }
  });
  document.addEventListener("htmx:sendError", () => tell("The server cannot be reached. What you typed is still here; it is saved with the next change."));
  document.addEventListener("htmx:responseError", (event) => tell(event.detail.xhr.status >= 500 ? "The server failed. Nothing shown as saved is lost; try again." : "Not accepted."));
  function tell(words) {
    const place = document.getElementById("live");
    if (place) { place.textContent = words; place.hidden = false; }
  }
  // A slider says its value beside its label.
  document.addEventListener("input", (event) => {
    const input = event.target;
    if (!(input instanceof HTMLInputElement) || input.type !== "range") return;
    const output = document.querySelector(`output[for="${input.id}"]`);
    if (output) output.textContent = (input.dataset.words ? JSON.parse(input.dataset.words)[input.value] : null) ?? `${input.value}${input.dataset.unit ?? ""}`;
  });
  // Ask before what cannot be undone.
  document.addEventListener("submit", (event) => {
    const words = event.target.dataset.confirm;
    if (words && !window.confirm(words)) event.preventDefault();
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-print]")) window.print();
    const more = document.querySelector("details.more[open]");
    if (more && !more.contains(event.target)) more.open = false;
  });
  document.addEventListener("keydown", (event) => {
    const more = document.querySelector("details.more[open]");
    if (event.key !== "Escape" || !more) return;
    more.open = false;
    more.querySelector("summary").focus();
  });
  // The tab that is open stands in sight where the tabs do not all fit.
  document.querySelectorAll(".tabs [aria-current]").forEach((tab) => {
    const tabs = tab.closest(".tabs");
    tabs.scrollLeft = tab.offsetLeft - tabs.offsetLeft - (tabs.clientWidth - tab.offsetWidth) / 2;
  });
})();
