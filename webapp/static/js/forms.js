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
    row.querySelectorAll("[data-choices]").forEach((box) => {
      box.dataset.choices = box.dataset.choices.replace(".N.", `.${next}.`);
      box.querySelector("summary").id = `f-${box.dataset.choices}`;
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
      let answer = await post(form.dataset.draftUrl, typedInto(form));
      if (answer.status === 400 || answer.status === 401) {
        if (await window.pilot.alive()) answer = await post(form.dataset.draftUrl, typedInto(form));
        else return over(form, note);
      }
      if (answer.status === 503) return busy(form, note);
      if (!answer.ok) throw new Error(String(answer.status));
      const time = new Date().toLocaleTimeString("zh-CN", { hour: "2-digit", minute: "2-digit", hour12: false });
      if (note) note.textContent = `已自动保存 ${time}`;
    } catch (error) {
      unsaved.add(form);
      if (note) note.textContent = "草稿未能保存，请检查网络；内容仍在本页";
    }
  }

  function typedInto(form) {
    const data = new FormData(form);
    form.querySelectorAll("[type=password]").forEach((field) => data.delete(field.name)); // kept nowhere
    return data;
  }

  function busy(form, note) {
    unsaved.add(form);
    if (note) note.textContent = "系统繁忙，草稿稍后再存；内容仍在本页";
    clearTimeout(timers.get(form));
    timers.set(form, setTimeout(() => save(form), saveEvery));
  }

  function over(form, note) {
    unsaved.add(form);
    if (note) note.textContent = "草稿未能保存，请重新登录";
    window.pilot.ended(form);
  }

  const post = (address, body) =>
    fetch(address, { method: "POST", body, headers: { "X-CSRFToken": window.pilot.csrf(), "X-Requested-With": "fetch" } });

  document.addEventListener("input", (event) => event.target.type !== "password" && touched(event.target.form));
  document.addEventListener("pilot:sending", (event) => {
    unsaved.delete(event.detail);
    clearTimeout(timers.get(event.detail)); // a draft saved now would outlive what is being handed in
  });
  document.addEventListener("pilot:leaving", (event) => {
    if (!event.detail.dataset.draftUrl) return;
    clearTimeout(timers.get(event.detail));
    save(event.detail);
  });
  window.addEventListener("beforeunload", (event) => {
    if (unsaved.size) event.preventDefault();
  });

  // ---- the check of a field that was left: asked of the server, so that the rule is written once ---------------------
  const before = new WeakMap(); // field → its value as it was entered
  document.addEventListener("focusin", (event) => before.set(event.target, event.target.value));
  document.addEventListener("focusout", (event) => {
    const field = event.target;
    const form = field.form;
    if (!form?.dataset.checkUrl || !field.name || ["file", "password"].includes(field.type) || form.dataset.sent) return;
    if (field.value === before.get(field) && !field.matches(".is-invalid")) return;
    check(form, field);
    checkDependent(form, field);
  });
  document.addEventListener("change", (event) => {
    const field = event.target;
    if (field.form?.dataset.checkUrl && field.matches("select")) checkDependent(field.form, field);
  });

  // a field on which others depend, such as the kind of a document: what stands in them, or was wrong, is looked at again
  function checkDependent(form, field) {
    form.querySelectorAll("[data-beside]").forEach((other) => {
      if (besideOf(other).includes(field) && (other.value || other.matches(".is-invalid"))) check(form, other);
    });
  }

  function besideOf(field) {
    const names = (field.dataset.beside || "").split(" ").filter(Boolean);
    return names.map((name) => field.form.elements[field.name.replace(/[^.]+$/, name)]).filter((other) => other?.name);
  }

  async function check(form, field) {
    const asked = new FormData();
    asked.append("path", field.name);
    asked.append("value", field.value);
    besideOf(field).forEach((other) => asked.append(`beside.${other.name.split(".").pop()}`, other.value));
    try {
      const answer = await post(form.dataset.checkUrl, asked);
      if (answer.ok) show(field, (await answer.json()).problem);
    } catch (error) {
      // no answer: the check on sending tells
    }
  }

  function show(field, problem) {
    const place = document.getElementById(`${field.name}-error`) || field.parentElement.querySelector(".invalid-feedback");
    field.classList.toggle("is-invalid", Boolean(problem));
    if (problem) field.setAttribute("aria-invalid", "true");
    else field.removeAttribute("aria-invalid");
    if (!place) return;
    place.textContent = problem || "";
    place.classList.toggle("d-block", Boolean(problem));
  }

  // ---- what the browser itself refuses is said in Chinese, whatever language the browser speaks ------------------------
  function wanted(field) {
    const { valueMissing, tooShort, patternMismatch, rangeUnderflow, rangeOverflow, badInput } = field.validity;
    if (valueMissing) return field.type === "file" ? "请选择文件" : field.matches("select") ? "请选择一项" : "请填写此项";
    if (tooShort) return `请至少填写 ${field.minLength} 个字`;
    if (rangeUnderflow) return `不能小于 ${field.min}`;
    if (rangeOverflow) return `不能大于 ${field.max}`;
    return patternMismatch || badInput ? "格式不正确，请按说明填写" : "";
  }
  const refused = ({ target }) => {
    // of several radio buttons only the one that is chosen would be told again that all is well
    if (target.type !== "radio" && !target.validity.customError) target.setCustomValidity(wanted(target));
  };
  document.addEventListener("invalid", refused, true);
  for (const moment of ["input", "change"]) document.addEventListener(moment, ({ target }) => target.setCustomValidity?.(""), true);

  // a link of the summary puts the cursor into its field
  document.addEventListener("click", (event) => {
    const link = event.target.closest(".problems a[href^='#']");
    const field = link && document.getElementById(decodeURIComponent(link.hash.slice(1)));
    if (!field) return;
    event.preventDefault();
    field.focus();
    field.scrollIntoView({ block: "center" });
  });
})();
