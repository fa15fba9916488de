// Follows long work as the server tells of it; the page is loaded again when it has ended.
"use strict";
(() => {
  const panel = document.querySelector("[data-follow]");
  if (!panel) return;
  const bar = panel.querySelector("progress");
  const source = new EventSource(panel.dataset.follow);
  source.addEventListener("progress", (event) => {
    const told = JSON.parse(event.data);
    panel.querySelector("[data-phase]").textContent = told.phase;
    if (told.total) {
      bar.max = told.total;
      bar.value = told.done;
      panel.querySelector("[data-count]").textContent = `${told.done} / ${told.total}`;
    }
    if (!["waiting", "running"].includes(told.state)) {
      source.close();
      location.reload();
    }
  });
})();
