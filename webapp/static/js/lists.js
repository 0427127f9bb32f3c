"use strict";
// Lists: ticking this page or all under the filter, bulk buttons, the column chooser, filters behind 展开.
(() => {
  const boxes = () => [...document.querySelectorAll("input[data-tick]")];

  function ticked() {
    const count = boxes().filter((box) => box.checked).length;
    const all = document.querySelector("[data-all-input]")?.value === "1";
    document.querySelectorAll("[data-bulk]").forEach((button) => (button.disabled = count === 0 && !all));
    document.querySelectorAll("[data-ticked]").forEach((place) => tell(place, count, all));
    document.querySelectorAll("[data-check-all]").forEach((box) => {
      box.checked = count > 0 && count === boxes().length;
      box.indeterminate = count > 0 && count < boxes().length;
    });
  }

  // “已选 20 条”, and with every row of the page ticked the offer to take all rows under the filter
  function tell(place, count, all) {
    const total = Number(place.dataset.total || 0);
    const whole = document.querySelector("[data-all]");
    place.textContent = all ? `已选择全部 ${total} 条（当前查询条件下）` : count ? `已选 ${count} 条` : "";
    if (!whole) return;
    whole.hidden = !all && !(count > 0 && count === boxes().length && total > count);
    whole.textContent = all ? "取消选择" : `选择全部 ${total} 条（当前查询条件下）`;
  }

  function takeAll(on) {
    const input = document.querySelector("[data-all-input]");
    if (!input) return;
    input.value = on ? "1" : "";
    input.disabled = !on;
    boxes().forEach((box) => (box.checked = on));
    ticked();
  }

  document.addEventListener("change", (event) => {
    const target = event.target;
    const input = document.querySelector("[data-all-input]");
    if ("checkAll" in target.dataset) boxes().forEach((box) => (box.checked = target.checked));
    if (input && ("checkAll" in target.dataset || "tick" in target.dataset)) {
      input.value = "";
      input.disabled = true;
    }
    if ("submitOnChange" in target.dataset) target.form.requestSubmit();
    if ("column" in target.dataset) chooseColumns(target.closest("[data-columns]"));
    ticked();
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-all]")) takeAll(document.querySelector("[data-all-input]").value !== "1");
    const more = event.target.closest("[data-more-filters]");
    if (more) unfold(more);
  });

  function unfold(button) {
    const open = button.getAttribute("aria-expanded") !== "true";
    button.setAttribute("aria-expanded", String(open));
    button.querySelector("span").textContent = open ? "收起" : "展开";
    document.querySelectorAll(".filters .extra").forEach((filter) => filter.classList.toggle("folded", !open));
  }

  // which columns are shown is remembered for this person and this list, on this computer
  const keyOf = (chooser) => `columns:${chooser.dataset.columns}`;
  function chooseColumns(chooser) {
    const hidden = [...chooser.querySelectorAll("[data-column]")].filter((box) => !box.checked).map((box) => box.dataset.column);
    localStorage.setItem(keyOf(chooser), JSON.stringify(hidden));
    hide(hidden);
  }
  function hide(hidden) {
    document.querySelectorAll("[data-col]").forEach((cell) => (cell.hidden = hidden.includes(cell.dataset.col)));
  }
  function remembered(chooser) {
    const boxes = [...chooser.querySelectorAll("[data-column]")];
    let hidden = boxes.filter((box) => !box.checked).map((box) => box.dataset.column); // as the list is at first
    try {
      hidden = JSON.parse(localStorage.getItem(keyOf(chooser))) ?? hidden;
    } catch (error) {
      localStorage.removeItem(keyOf(chooser)); // not what we wrote: begin anew
    }
    boxes.forEach((box) => (box.checked = !hidden.includes(box.dataset.column)));
    hide(hidden);
  }

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll("[data-columns]").forEach(remembered);
    ticked();
  });
  window.addEventListener("pageshow", ticked); // the back button brings ticks back
})();
