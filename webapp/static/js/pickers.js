"use strict";
// The choice of one file that goes with its form: name and size of what was chosen, 删除, and files that are dropped on it.
(() => {
  const inputOf = (box) => box.querySelector("input[type=file]");

  function show(box) {
    const file = inputOf(box).files[0];
    box.querySelector("[data-chosen]").textContent = file ? `${file.name}（${sizeOf(file.size)}）` : "未选择文件";
    box.querySelector("[data-clear]").hidden = !file;
  }

  const sizeOf = (bytes) => (bytes < 1048576 ? `${Math.ceil(bytes / 1024)} KB` : `${(bytes / 1048576).toFixed(1)} MB`);

  document.addEventListener("change", (event) => {
    const box = event.target.type === "file" && event.target.closest("[data-picker]");
    if (box) show(box);
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-picker] [data-clear]");
    if (!button) return;
    const box = button.closest("[data-picker]");
    inputOf(box).value = "";
    show(box);
    inputOf(box).focus();
  });
  document.addEventListener("dragover", (event) => {
    if (event.target.closest?.("[data-picker]")) event.preventDefault();
  });
  document.addEventListener("drop", (event) => {
    const box = event.target.closest?.("[data-picker]");
    if (!box || !event.dataTransfer.files.length) return;
    event.preventDefault();
    inputOf(box).files = event.dataTransfer.files;
    show(box);
  });
  window.addEventListener("pageshow", () => document.querySelectorAll("[data-picker]").forEach(show)); // the back button keeps the file
})();
