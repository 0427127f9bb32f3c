"use strict";
// 编辑 as a popup (manual 4.3): the form of a page stands in a dialog over the list, which keeps its place. Without scripts, and on a
// phone, the button leads to the page itself. What the server answers to 保存 decides what happens, as on the page.
(() => {
  const wide = matchMedia("(min-width: 768px)");
  let typed = false; // since the dialog was opened

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-popup-form]");
    const plain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey;
    if (link && plain && wide.matches) {
      event.preventDefault();
      open(link);
    }
    const dialog = event.target.closest("dialog.popup-form");
    if (!dialog || !event.target.closest("[data-cancel]")) return;
    event.preventDefault();
    leave(dialog);
  });

  async function open(link) {
    const dialog = document.getElementById("popup-form");
    let body = null;
    try {
      body = bodyOf(await (await fetch(link.href, { headers: { "X-Requested-With": "fetch" } })).text());
    } catch (error) {
      // no network: the browser's own page says so
    }
    if (!body) return location.assign(link.href); // a page that says why there is no form
    typed = false;
    show(dialog, body, link.href);
    dialog.showModal();
    dialog.querySelector("form input:not([type=hidden]), form select, form textarea")?.focus();
  }

  const bodyOf = (html) => new DOMParser().parseFromString(html, "text/html").querySelector("[data-popup-body]");

  function show(dialog, body, address) {
    body.querySelector("form").setAttribute("action", address);
    dialog.querySelector("h2").textContent = body.dataset.title;
    dialog.querySelector("[data-place]").replaceChildren(document.adoptNode(body));
    document.dispatchEvent(new CustomEvent("pilot:shown", { detail: dialog }));
  }

  // ---- 保存 and the other buttons ------------------------------------------------------------------------------------
  document.addEventListener("submit", (event) => {
    const dialog = event.target.closest("dialog.popup-form");
    if (!dialog || event.defaultPrevented || event.target.method === "dialog") return;
    event.preventDefault();
    send(dialog, event.target, event.submitter);
  });

  async function send(dialog, form, button) {
    const data = new FormData(form);
    if (button) data.append(button.name, button.value);
    let answer;
    try {
      answer = await fetch(form.getAttribute("action"), { method: "POST", body: data, redirect: "manual" });
    } catch (error) {
      return again(form, button, "未能保存，请检查网络后重试；填写的内容仍在本页。");
    }
    if (answer.type === "opaqueredirect") return location.reload(); // done; the list says so
    if (answer.status === 503) return again(form, button, "系统繁忙，没有保存，请稍后再试；填写的内容仍在本页。");
    const body = bodyOf(await answer.text());
    if (!body) return plainly(form, button); // 登录已失效, a fault: the server's page says what to do
    show(dialog, body, form.getAttribute("action"));
    dialog.querySelector(".problems")?.focus();
  }

  function again(form, button, message) {
    delete form.dataset.sent;
    button?.classList.remove("sending");
    form.querySelector("[data-draft-note]").textContent = message;
  }

  function plainly(form, button) {
    if (button) form.append(Object.assign(document.createElement("input"), { type: "hidden", name: button.name, value: button.value }));
    HTMLFormElement.prototype.submit.call(form);
  }

  // ---- closing: what was typed is kept as a draft ---------------------------------------------------------------------
  document.addEventListener("input", (event) => {
    if (event.target.closest("dialog.popup-form")) typed = true;
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("dialog.popup-form :is([data-add-row], [data-remove-row])")) typed = true;
  });
  document.querySelectorAll("dialog.popup-form").forEach((dialog) => {
    // the key itself: a browser lets a second Escape close a dialog whatever its cancel event says
    dialog.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      if (!event.target.closest("[data-choices][open]")) leave(dialog); // else it closes the choices
    });
    dialog.addEventListener("cancel", (event) => {
      if (event.target !== dialog) return;
      event.preventDefault();
      leave(dialog);
    });
    dialog.addEventListener("close", () => dialog.querySelector("[data-place]").replaceChildren());
  });

  async function leave(dialog) {
    const form = dialog.querySelector("[data-place] form");
    if (form.dataset.sent) return; // on its way
    if (typed) {
      const yes = await window.pilot.ask("修改还没有保存，确定关闭吗？已填写的内容会保留为草稿，再次编辑时恢复。");
      if (!yes) return;
      document.dispatchEvent(new CustomEvent("pilot:leaving", { detail: form }));
    }
    dialog.close();
  }
})();
