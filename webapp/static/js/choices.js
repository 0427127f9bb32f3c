"use strict";
// Several choices in one field: what is chosen stands in the summary, a filter narrows the list, and in a line of a table the
// choices follow another column of it (the 对应专业 of the certificate that was chosen).
(() => {
  const boxesOf = (box) => [...box.querySelectorAll("input[type=checkbox]")];

  function show(box) {
    const chosen = boxesOf(box).filter((one) => one.checked).map((one) => one.value);
    box.querySelector("[data-chosen]").textContent = chosen.length > 3 ? `已选 ${chosen.length} 项` : chosen.join("、") || "请选择";
  }

  function narrow(box) {
    const wanted = box.querySelector("[data-narrow]").value.trim();
    boxesOf(box).forEach((one) => {
      one.closest("label").hidden = wanted !== "" && !one.value.includes(wanted);
    });
  }

  // ---- choices that follow another column --------------------------------------------------------------------------
  const leaderOf = (box) => box.closest("tr").querySelector(`[name$=".${box.dataset.by}"]`);

  function offered(box) {
    const lines = box.closest("[data-depending]");
    return (lines && JSON.parse(lines.dataset.depending)[leaderOf(box).value]) || [];
  }

  function option(name, value, checked) {
    const label = document.createElement("label");
    label.className = "form-check";
    const input = Object.assign(document.createElement("input"), { type: "checkbox", name, value, checked });
    input.className = "form-check-input";
    const text = Object.assign(document.createElement("span"), { className: "form-check-label", textContent: value });
    label.append(input, text);
    return label;
  }

  function fill(box) {
    const kept = new Set(boxesOf(box).filter((one) => one.checked).map((one) => one.value));
    const choices = offered(box);
    boxesOf(box).forEach((one) => one.closest("label").remove());
    box.querySelector(".choices-list").append(...choices.map((value) => option(box.dataset.choices, value, kept.has(value))));
    box.querySelector("[data-none]").hidden = choices.length > 0;
    show(box);
  }

  document.addEventListener("change", (event) => {
    const box = event.target.closest("[data-choices]");
    if (box) show(box);
    event.target.closest("tr")?.querySelectorAll("[data-choices][data-by]").forEach((one) => {
      if (leaderOf(one) === event.target) fill(one);
    });
  });
  document.addEventListener("input", (event) => {
    if (event.target.matches("[data-narrow]")) narrow(event.target.closest("[data-choices]"));
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.matches("[data-narrow]")) event.preventDefault(); // it filters, it does not send
    const box = event.key === "Escape" && event.target.closest("td [data-choices][open]");
    if (box) {
      box.open = false;
      box.querySelector("summary").focus();
    }
  });
  document.addEventListener("click", (event) => {
    document.querySelectorAll("td [data-choices][open]").forEach((box) => {
      if (!box.contains(event.target)) box.open = false;
    });
  });

  function prepare(place) {
    place.querySelectorAll("[data-choices][data-by]").forEach(fill);
    place.querySelectorAll("[data-choices]:not([data-by])").forEach(show);
  }
  prepare(document);
  document.addEventListener("pilot:shown", (event) => prepare(event.detail));
})();
