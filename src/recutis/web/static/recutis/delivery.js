// A field to sign in, as moves and lines only; and buttons that fill a text field.
"use strict";
(() => {
  const limit = 4000;
  const kept = (value, most) => Math.round(Math.min(Math.max(value, 0), most) * 10) / 10;
  for (const pad of document.querySelectorAll("[data-pad]")) {
    const ink = pad.querySelector(".pad-ink");
    const field = document.getElementById(pad.dataset.pad);
    const box = pad.viewBox.baseVal;
    let drawing = false, last = null, points = 0;
    const place = (event) => {
      const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(pad.getScreenCTM().inverse());
      return [kept(at.x, box.width), kept(at.y, box.height)];
    };
    const add = (letter, [x, y]) => {
      if (points >= limit) return;
      points += 1;
      field.value += `${letter}${x} ${y}`;
      ink.setAttribute("d", field.value);
      last = [x, y];
    };
    pad.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      event.preventDefault();
      pad.setPointerCapture(event.pointerId);
      drawing = true;
      add("M", place(event));
    });
    pad.addEventListener("pointermove", (event) => {
      if (!drawing) return;
      for (const one of event.getCoalescedEvents?.() ?? [event]) {
        const next = place(one);
        if (Math.hypot(next[0] - last[0], next[1] - last[1]) >= 1.5) add("L", next);
      }
    });
    for (const name of ["pointerup", "pointercancel"]) pad.addEventListener(name, () => { drawing = false; });
    document.querySelector(`[data-clear="${pad.dataset.pad}"]`)?.addEventListener("click", () => {
      field.value = "";
      points = 0;
      ink.setAttribute("d", "");
    });
  }
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-fill]");
    if (!button) return;
    const field = document.getElementById(button.dataset.fill);
    field.value = button.dataset.words;
    field.focus();
  });
})();
