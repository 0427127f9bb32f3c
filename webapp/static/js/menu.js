"use strict";
// The left menu: a full list on a desktop, icons with fly-outs on a small screen, a drawer on a phone.
(() => {
  const icons = window.matchMedia("(min-width: 768px) and (max-width: 991.98px)");
  const drawer = window.matchMedia("(max-width: 767.98px)");
  const folds = () => document.querySelectorAll("[data-fold]");

  function toggleDrawer(open) {
    document.body.classList.toggle("menu-open", open);
    const button = document.querySelector("[data-menu]");
    button.setAttribute("aria-expanded", String(open));
    if (open) document.querySelector("#menu a, #menu button")?.focus();
    else if (drawer.matches) button.focus();
  }

  function closeFlyouts(except) {
    folds().forEach((button) => button !== except && button.setAttribute("aria-expanded", "false"));
  }

  // only the current heading stands open in the full menu; none in the icon menu, where an open one covers the page
  function fit() {
    folds().forEach((button) => {
      button.setAttribute("aria-expanded", String(!icons.matches && button.classList.contains("current")));
    });
  }

  function fold(button) {
    const open = button.getAttribute("aria-expanded") !== "true";
    if (icons.matches) {
      closeFlyouts(button);
      const list = button.nextElementSibling;
      list.style.top = `${Math.min(button.getBoundingClientRect().top, window.innerHeight - 44 * list.children.length - 16)}px`;
    }
    button.setAttribute("aria-expanded", String(open));
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-fold]");
    if (button) fold(button);
    else if (icons.matches && !event.target.closest(".under")) closeFlyouts();
    if (event.target.closest("[data-menu]")) toggleDrawer(!document.body.classList.contains("menu-open"));
    if (event.target.closest("[data-menu-shade]")) toggleDrawer(false);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    if (document.body.classList.contains("menu-open")) toggleDrawer(false);
    if (icons.matches) {
      const open = [...folds()].find((button) => button.getAttribute("aria-expanded") === "true");
      closeFlyouts();
      open?.focus();
    }
  });
  document.addEventListener("DOMContentLoaded", () => {
    if (!document.getElementById("menu")) return;
    fit();
    icons.addEventListener("change", fit);
  });
})();
