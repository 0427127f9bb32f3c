"use strict";
// Keys of the inbox: j and k move, Enter opens, x ticks, c claims, / searches, ? shows this help. Never while somebody types.
(() => {
  const rows = () => [...document.querySelectorAll("[data-keys] [data-row]")];
  let here = -1;

  function typing(target) {
    return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
  }

  function move(by) {
    const all = rows();
    if (!all.length) return;
    const from = all.indexOf(document.activeElement.closest("[data-row]"));
    here = Math.min(Math.max((from < 0 ? here : from) + by, 0), all.length - 1);
    all.forEach((row, index) => row.classList.toggle("here", index === here));
    all[here].querySelector("[data-row-link]").focus();
    all[here].scrollIntoView({ block: "nearest" });
  }

  function press(selector) {
    const row = rows()[here];
    const target = row && row.querySelector(selector);
    if (target) target.click();
  }

  const keys = {
    j: () => move(1),
    k: () => move(-1),
    x: () => press("[data-tick]"),
    c: () => press("[data-claim]"),
    "/": () => document.querySelector("[data-search]").focus(),
    "?": () => help(),
  };

  function help() {
    const box = document.getElementById("keys");
    if (box.open) box.close();
    else box.showModal();
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (typing(event.target) && event.target.type !== "checkbox") return;
    if (document.getElementById("keys").open && event.key !== "?") return;
    if (event.key === "Enter" && event.target === document.body) {
      press("[data-row-link]");
      return;
    }
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
})();
