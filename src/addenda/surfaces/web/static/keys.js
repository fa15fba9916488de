// Keyboard shortcuts. Every one of them does what a link or a button on the page does.
"use strict";
(() => {
  const areas = { i: "inbox", k: "knowledge", m: "import", a: "ask", h: "health", s: "settings" };
  const rows = () => [...document.querySelectorAll("[data-row]")];
  let here = -1;
  let going = 0;

  const move = (step) => {
    const all = rows();
    if (!all.length) return;
    all[here]?.classList.remove("here");
    here = Math.max(0, Math.min(all.length - 1, here + step));
    all[here].classList.add("here");
    all[here].focus({ preventScroll: true });
    all[here].scrollIntoView({ block: "center" });
  };

  const approve = () => {
    const button = document.querySelector("[data-approve]");
    if (!button || button.disabled) return;
    const ticked = document.querySelectorAll(".tick:checked").length || document.querySelector("[data-all]:checked");
    const own = rows()[here]?.querySelector(".tick");
    if (!ticked && document.querySelector(".tick")) {
      if (!own || own.disabled) return;
      own.checked = true;
    }
    button.click();
  };

  const act = {
    j: () => move(1),
    k: () => move(-1),
    x: () => rows()[here]?.querySelector(".tick:not(:disabled)")?.click(),
    a: approve,
    r: () => document.querySelector("[data-reason]")?.focus(),
    "?": () => document.getElementById("keys").showModal(),
    "/": () => {
      const field = document.querySelector("[data-search]");
      if (field) field.focus();
      else if (document.body.dataset.base) location.href = document.body.dataset.base + "/knowledge";
    },
    Enter: () => document.activeElement?.matches("[data-row]") && rows()[here]?.querySelector("[data-open]")?.click(),
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    const typing = event.target.closest?.("input:not([type=checkbox]):not([type=radio]), textarea, select");
    if (typing) {
      if (event.key === "Escape") typing.blur();
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing && typing.matches("[data-send]")) {
        event.preventDefault();
        typing.form.requestSubmit();
      }
      return;
    }
    const base = document.body.dataset.base;
    if (going && Date.now() - going < 1500 && areas[event.key] && base) {
      event.preventDefault();
      location.href = `${base}/${areas[event.key]}`;
      return;
    }
    going = event.key === "g" ? Date.now() : 0;
    if (act[event.key]) {
      if (event.key !== "Enter") event.preventDefault();
      act[event.key]();
    }
  });
})();
