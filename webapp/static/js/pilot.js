"use strict";
// No inline scripts: pages say what they want with data- attributes.
(() => {
  const csrf = () => document.querySelector("meta[name=csrf]").content;
  const saveEvery = 4000;
  let sending = false;

  document.addEventListener("click", (event) => {
    const target = event.target.closest("button, a");
    if (!target) return;
    if ("menu" in target.dataset) {
      const open = document.body.classList.toggle("menu-open");
      target.setAttribute("aria-expanded", String(open));
    } else if ("addRow" in target.dataset) addRow(target.closest("[data-lines]"));
    else if ("removeRow" in target.dataset) removeRow(target);
  });

  function addRow(lines) {
    const body = lines.querySelector("tbody");
    const next = Number(lines.dataset.next || body.rows.length);
    lines.dataset.next = next + 1;
    const row = lines.querySelector("template").content.firstElementChild.cloneNode(true);
    row.querySelectorAll("[name]").forEach((field) => {
      field.name = field.name.replace(".N.", `.${next}.`);
      field.id = `f-${field.name}`;
    });
    body.append(row);
    row.querySelector("[name]").focus();
    touched(lines.closest("form"));
  }

  function removeRow(button) {
    const form = button.closest("form");
    const lines = button.closest("[data-lines]");
    button.closest("tr").remove();
    lines.querySelector("[data-add-row]").focus();
    touched(form);
  }

  document.addEventListener("submit", (event) => {
    const form = event.target;
    const button = event.submitter;
    const question = (button && button.dataset.confirm) || form.dataset.confirm;
    if (question && !window.confirm(question)) {
      event.preventDefault();
      return;
    }
    if (form.dataset.sent) {
      event.preventDefault(); // a second click while the first is on its way
      return;
    }
    if (form.method === "post" && !form.target) form.dataset.sent = "1";
    sending = true;
  });
  window.addEventListener("pageshow", () => {
    sending = false;
    document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent);
  });

  // drafts: saved a few seconds after the last key; leaving with unsaved typing asks
  const unsaved = new Set();
  const timers = new Map();
  function touched(form) {
    if (!form || !("draftUrl" in form.dataset)) return;
    unsaved.add(form);
    clearTimeout(timers.get(form));
    timers.set(form, setTimeout(() => save(form), saveEvery));
  }
  async function save(form) {
    const note = form.querySelector("[data-draft-note]");
    unsaved.delete(form);
    try {
      const answer = await fetch(form.dataset.draftUrl, {
        method: "POST",
        body: new FormData(form),
        headers: { "X-CSRFToken": csrf(), "X-Requested-With": "fetch" },
      });
      if (!answer.ok) throw new Error(String(answer.status));
      if (note) note.textContent = `草稿已保存 ${new Date().toLocaleTimeString("zh-CN", { hour12: false })}`;
    } catch (error) {
      unsaved.add(form);
      if (note) note.textContent = "草稿未能保存，请检查网络；内容仍在本页";
    }
  }
  document.addEventListener("input", (event) => touched(event.target.closest("form[data-draft-url]")));
  window.addEventListener("beforeunload", (event) => {
    if (unsaved.size && !sending) event.preventDefault();
  });

  // lists: tick all of this page, bulk buttons only when something is ticked
  function ticked() {
    const boxes = [...document.querySelectorAll("input[data-tick]")];
    const count = boxes.filter((box) => box.checked).length;
    document.querySelectorAll("[data-bulk]").forEach((button) => (button.disabled = count === 0));
    document.querySelectorAll("[data-ticked]").forEach((place) => (place.textContent = count ? `已选 ${count} 条` : ""));
  }
  document.addEventListener("change", (event) => {
    if ("checkAll" in event.target.dataset)
      document.querySelectorAll("input[data-tick]").forEach((box) => (box.checked = event.target.checked));
    if ("submitOnChange" in event.target.dataset) event.target.form.requestSubmit();
    ticked();
  });
  // record pages: one section at a time behind tabs; without scripts they simply stand below each other
  function tabs(box) {
    const sections = [...box.querySelectorAll(":scope > section")];
    const bar = document.createElement("div");
    bar.className = "tabs";
    bar.setAttribute("role", "tablist");
    const show = (chosen) => {
      sections.forEach((section, index) => {
        section.hidden = index !== chosen;
        bar.children[index].setAttribute("aria-selected", String(index === chosen));
        bar.children[index].tabIndex = index === chosen ? 0 : -1;
      });
      document.dispatchEvent(new CustomEvent("pilot:shown", { detail: sections[chosen] }));
    };
    sections.forEach((section, index) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = section.querySelector("h2").textContent;
      button.setAttribute("role", "tab");
      section.id ||= `tab-${index}`;
      section.setAttribute("role", "tabpanel");
      button.setAttribute("aria-controls", section.id);
      button.addEventListener("click", () => show(index));
      button.addEventListener("keydown", (event) => {
        const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        if (!step) return;
        const next = (index + step + sections.length) % sections.length;
        show(next);
        bar.children[next].focus();
      });
      bar.append(button);
    });
    box.prepend(bar);
    show(0);
  }

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll("[data-tabs]").forEach(tabs);
    ticked();
    const first = document.querySelector("[data-focus]");
    if (first) first.focus();
  });
})();
