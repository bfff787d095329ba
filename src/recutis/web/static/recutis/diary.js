// The diary on the phone: a slider that was not touched is not an answer, and what is entered stays until the clinic has it.
"use strict";
(() => {
  const opening = document.querySelector("[data-onward]");
  if (opening) { window.location.replace(opening.dataset.onward); return; }
  const PREFIX = "recutis-diary-";
  const done = document.querySelector("[data-saved]");
  if (done) sessionStorage.removeItem(PREFIX + done.dataset.saved);
  const form = document.querySelector("form[data-diary]");
  if (!form) return;
  const place = PREFIX + form.dataset.diary;
  const trouble = document.getElementById("trouble");
  const keeping = document.getElementById("keeping");
  const button = form.querySelector("button.main-action");
  let waiting = false;
  let pending = false;
  form.classList.add("live");

  const skipOf = (sign) => form.querySelector(`[data-skip="${sign}"]`);
  function tell(sign) {
    const range = form.elements[sign];
    form.querySelector(`output[for="${sign}"]`).textContent = skipOf(sign).checked ? "not entered" : `${range.value} of 10`;
    range.setAttribute("aria-valuetext", skipOf(sign).checked ? "not entered" : `${range.value} of 10`);
  }
  for (const range of form.querySelectorAll('input[type="range"]')) {
    const entered = () => { skipOf(range.name).checked = false; tell(range.name); keep(); };
    range.addEventListener("input", entered);
    range.addEventListener("click", entered);
    range.addEventListener("keydown", (event) => { if (event.key === "Home" || event.key === "ArrowLeft" || event.key === "ArrowDown") entered(); });
    skipOf(range.name).addEventListener("change", () => { tell(range.name); keep(); });
  }
  for (const none of form.querySelectorAll("[data-zero]")) {
    none.hidden = false;
    none.parentElement.querySelector("[data-low]").hidden = true;
    none.addEventListener("click", () => {
      const range = form.elements[none.dataset.zero];
      range.value = 0; skipOf(range.name).checked = false; tell(range.name); keep();
    });
  }

  function keep() {
    const told = { key: form.elements.key.value, words: form.elements.words.value, flags: [], signs: {} };
    for (const flag of form.querySelectorAll('input[name="flags"]:checked')) told.flags.push(flag.value);
    for (const range of form.querySelectorAll('input[type="range"]')) if (!skipOf(range.name).checked) told.signs[range.name] = range.value;
    try { sessionStorage.setItem(place, JSON.stringify(told)); } catch { keeping.textContent = "This phone keeps nothing: save before you leave the page."; }
  }
  function restore() {
    let told = null;
    try { told = JSON.parse(sessionStorage.getItem(place) ?? "null"); } catch { told = null; }
    if (!told) return;
    form.elements.key.value = told.key;
    if (!form.elements.words.value) form.elements.words.value = told.words;
    for (const flag of form.querySelectorAll('input[name="flags"]')) if (told.flags.includes(flag.value)) flag.checked = true;
    for (const [sign, value] of Object.entries(told.signs)) {
      if (!form.elements[sign]) continue;
      form.elements[sign].value = value; skipOf(sign).checked = false; tell(sign);
    }
    keeping.textContent = "What you had entered before is still here; it is not saved yet.";
  }
  form.addEventListener("input", keep);
  form.addEventListener("change", keep);

  function complain(title, words) {
    trouble.replaceChildren();
    const strong = document.createElement("strong");
    strong.textContent = title;
    const rest = document.createElement("span");
    rest.textContent = words;
    trouble.append(strong, rest);
    trouble.hidden = false;
    trouble.scrollIntoView({ block: "center" });
  }
  async function send() {
    if (waiting) return;
    const photo = form.elements.photo.files[0];
    if (photo && photo.size > 15 * 1024 * 1024) {
      complain("Not sent: the photograph is too large", "A photograph may have up to 15 MB. Choose a smaller size in the camera, or save without it.");
      return;
    }
    waiting = true;
    button.disabled = true;
    keep();
    try {
      const answer = await fetch(form.action, { method: "POST", body: new FormData(form), credentials: "same-origin" });
      if (answer.ok && answer.redirected) { sessionStorage.removeItem(place); window.location.replace(answer.url); return; }
      if (answer.status === 422) {
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const found = page.getElementById("trouble");
        trouble.replaceChildren(...found.childNodes);
        trouble.hidden = false;
        trouble.scrollIntoView({ block: "center" });
      } else if (answer.status === 404 || answer.status === 410) {
        complain("Not saved: your link has ended", "Call the clinic and tell them what you entered; it stays on this phone.");
      } else if (answer.status === 409) {
        complain("Not saved: this is another diary", "The link of another session was opened on this phone since. Open your own personal link again; what you entered stays on this phone.");
      } else if (answer.status === 403) {
        complain("Not saved yet", "This page was open for too long. Load it again; what you entered comes back.");
      } else {
        complain("Not saved yet", "The server could not take it. What you entered stays here; press Save again in a minute. If it cannot wait, call.");
      }
    } catch {
      pending = true;
      complain("Not sent: no connection", "What you entered stays here and is sent when you are online again. If it cannot wait, call.");
    } finally {
      waiting = false;
      button.disabled = false;
    }
  }
  window.addEventListener("online", () => { if (pending) { pending = false; send(); } });
  form.addEventListener("submit", (event) => { event.preventDefault(); send(); });
  restore();
  for (const range of form.querySelectorAll('input[type="range"]')) tell(range.name);
})();
