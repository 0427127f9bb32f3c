"use strict";
// Record pages: one section at a time behind tabs, the open one in the address; without scripts the sections stand below each other.
(() => {
  function build(box) {
    const sections = [...box.querySelectorAll(":scope > section")];
    if (sections.length < 2) return;
    const bar = document.createElement("div");
    bar.className = "tabs";
    bar.setAttribute("role", "tablist");
    bar.setAttribute("aria-label", "内容");

    const show = (chosen) => {
      sections.forEach((section, index) => {
        section.hidden = index !== chosen;
        bar.children[index].setAttribute("aria-selected", String(index === chosen));
        bar.children[index].tabIndex = index === chosen ? 0 : -1;
      });
      document.dispatchEvent(new CustomEvent("pilot:shown", { detail: sections[chosen] }));
    };
    const choose = (index) => {
      show(index);
      history.replaceState(null, "", `#${sections[index].id}`); // a link to the page keeps the tab
    };

    sections.forEach((section, index) => {
      section.id ||= `tab-${index + 1}`;
      section.setAttribute("role", "tabpanel");
      bar.append(tabOf(section, () => choose(index)));
    });
    bar.addEventListener("keydown", (event) => {
      const at = [...bar.children].indexOf(event.target);
      const last = sections.length - 1;
      const next = { ArrowRight: at === last ? 0 : at + 1, ArrowLeft: at === 0 ? last : at - 1, Home: 0, End: last }[event.key];
      if (next === undefined) return;
      event.preventDefault();
      choose(next);
      bar.children[next].focus();
    });
    box.prepend(bar);
    show(Math.max(0, sections.findIndex((section) => `#${section.id}` === location.hash)));
  }

  function tabOf(section, choose) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = section.querySelector("h2").textContent;
    button.setAttribute("role", "tab");
    button.id = `${section.id}-tab`;
    button.setAttribute("aria-controls", section.id);
    section.setAttribute("aria-labelledby", button.id);
    button.addEventListener("click", choose);
    return button;
  }

  document.addEventListener("DOMContentLoaded", () => document.querySelectorAll("[data-tabs]").forEach(build));
})();
