"use strict";
// Forms: lines of a table, drafts every few seconds, the warning on leaving, the check of a field that was left.
(() => {
  const saveEvery = 4000; // ms after the last key
  const unsaved = new Set();
  const timers = new Map();
  const fieldOf = (form) => (form && form.matches("[data-form], [data-draft-url]") ? form : null);

  // ---- lines -------------------------------------------------------------------------------------------------------
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-add-row], [data-remove-row]");
    if (!button) return;
    const lines = button.closest("[data-lines]");
    if ("addRow" in button.dataset) addRow(lines);
    else removeRow(lines, button.closest("tr"));
    touched(lines.closest("form"));
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
  }

  function removeRow(lines, row) {
    row.remove();
    lines.querySelector("[data-add-row]").focus();
  }

  // ---- drafts ------------------------------------------------------------------------------------------------------
  function touched(form) {
    if (!fieldOf(form)) return;
    unsaved.add(form);
    if (!form.dataset.draftUrl) return;
    clearTimeout(timers.get(form));
    timers.set(form, setTimeout(() => save(form), saveEvery));
  }

  async function save(form) {
    const note = form.querySelector("[data-draft-note]");
    unsaved.delete(form);
    try {
      const answer = await post(form.dataset.draftUrl, new FormData(form));
      if (!answer.ok) throw new Error(String(answer.status));
      const time = new Date().toLocaleTimeString("zh-CN", { hour: "2-digit", minute: "2-digit", hour12: false });
      if (note) note.textContent = `已自动保存 ${time}`;
    } catch (error) {
      unsaved.add(form);
      if (note) note.textContent = "草稿未能保存，请检查网络；内容仍在本页";
    }
  }

  const post = (address, body) =>
    fetch(address, { method: "POST", body, headers: { "X-CSRFToken": window.pilot.csrf(), "X-Requested-With": "fetch" } });

  document.addEventListener("input", (event) => touched(event.target.form));
  document.addEventListener("pilot:sending", (event) => {
    unsaved.delete(event.detail);
    clearTimeout(timers.get(event.detail)); // a draft saved now would outlive what is being handed in
  });
  window.addEventListener("beforeunload", (event) => {
    if (unsaved.size) event.preventDefault();
  });
})();
