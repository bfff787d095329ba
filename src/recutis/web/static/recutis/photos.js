// Before and after: the slider says how much of the later photograph is hidden. Without this file the two stand side by side.
"use strict";
(() => {
  const stage = document.querySelector("[data-compare]");
  const holder = document.querySelector("[data-slider]");
  if (!stage || !holder) return;
  const slider = holder.querySelector("input");
  const show = () => {
    stage.style.setProperty("--cut", `${slider.value}%`);
    slider.setAttribute("aria-valuetext", `${slider.value} % before, ${100 - slider.value} % after`);
  };
  stage.classList.add("live");
  holder.hidden = false;
  slider.addEventListener("input", show);
  stage.addEventListener("pointermove", (event) => {
    if (!event.buttons && event.pointerType === "mouse") return;
    const box = stage.getBoundingClientRect();
    slider.value = Math.round(Math.min(Math.max((event.clientX - box.left) / box.width, 0), 1) * 100);
    show();
  });
  show();
})();
