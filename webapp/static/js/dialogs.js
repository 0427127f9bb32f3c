"use strict";
// Dialogs, drawers and pop-up menus. Native <dialog> keeps the focus inside, closes with Escape and gives the focus back.
(() => {
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-open]");
    if (opener) document.getElementById(opener.dataset.open).showModal();
    if (event.target instanceof HTMLDialogElement && event.target.matches(".drawer")) event.target.close(); // a click beside it
  });

  // pop-up menus are <details>: one open at a time, closed by a click elsewhere and by Escape
  const popups = () => document.querySelectorAll("details[data-popup][open]");
  document.addEventListener("click", (event) => {
    popups().forEach((popup) => {
      if (!popup.contains(event.target)) popup.open = false;
    });
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    popups().forEach((popup) => {
      popup.open = false;
      popup.querySelector("summary").focus();
    });
  });
  document.addEventListener(
    "toggle",
    (event) => {
      const popup = event.target;
      if (popup.matches?.("details[data-popup]") && popup.open) place(popup);
    },
    true, // toggle does not bubble
  );
  // a table scrolls sideways and would cut its menus off: there they stand above the page
  function place(popup) {
    const menu = popup.querySelector(".popup-menu.floating");
    if (!menu) return;
    const box = popup.getBoundingClientRect();
    const below = box.bottom + menu.offsetHeight + 8 < window.innerHeight;
    menu.style.top = `${below ? box.bottom + 2 : box.top - menu.offsetHeight - 2}px`;
    menu.style.left = `${Math.max(8, Math.min(box.right - menu.offsetWidth, window.innerWidth - menu.offsetWidth - 8))}px`;
  }
  window.addEventListener("scroll", () => document.querySelectorAll("details[open] > .floating").forEach((m) => (m.parentElement.open = false)), true);

  // what a button acts on: the row it stands in, the rows that are ticked, or the record whose page this is
  function subjectOf(form, button) {
    const row = form.closest("tr");
    if (row) return row.querySelector("[data-row-link], .stick")?.textContent.trim() || "";
    if (button && "bulk" in button.dataset) return document.querySelector("[data-ticked]")?.textContent || "";
    return form.closest(".record-head")?.querySelector("h1").firstChild.textContent.trim() || "";
  }

  // window.pilot.ask("确定删除……吗？", "某某周报") resolves to true or false
  function ask(question, subject = "") {
    const dialog = document.getElementById("confirm");
    dialog.querySelector("[data-question]").textContent = question;
    dialog.querySelector("[data-subject]").textContent = question.includes(subject) ? "" : subject;
    dialog.returnValue = "no"; // Escape means no
    dialog.showModal();
    return new Promise((resolve) => {
      dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
    });
  }

  // whatever has data-confirm asks first; what is sent twice goes out once
  document.addEventListener("submit", (event) => {
    const form = event.target;
    const button = event.submitter;
    if (form.method === "dialog") return;
    const question = (button && button.dataset.confirm) || form.dataset.confirm;
    if (question && !form.dataset.confirmed) {
      event.preventDefault();
      ask(question, subjectOf(form, button)).then((yes) => {
        if (!yes) return;
        form.dataset.confirmed = "1";
        form.requestSubmit(button || undefined);
        delete form.dataset.confirmed;
      });
      return;
    }
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    const download = [form, button].find((part) => part && "download" in part.dataset); // leaves the page where it is
    if (form.method === "post" && !form.target && !download) {
      form.dataset.sent = "1";
      button?.classList.add("sending");
    }
    document.dispatchEvent(new CustomEvent("pilot:sending", { detail: download || form }));
  });
  window.addEventListener("pageshow", () => {
    document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent);
    document.querySelectorAll(".sending").forEach((button) => button.classList.remove("sending"));
  });

  document.addEventListener("DOMContentLoaded", () => document.querySelector("[data-focus]")?.focus());
  window.pilot = { ask, csrf: () => document.querySelector("meta[name=csrf]").content };
})();
