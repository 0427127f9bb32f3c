"use strict";
// Files of a form: sent as soon as they are chosen, with progress; the form itself carries only their ids.
(() => {
  document.addEventListener("change", (event) => {
    const box = event.target.type === "file" && event.target.closest("[data-uploads]");
    if (!box) return;
    const chosen = [...event.target.files];
    event.target.value = ""; // the same file may be chosen again after it was removed
    chosen.forEach((file) => upload(box, file));
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-remove-file]");
    if (!button) return;
    const box = button.closest("[data-uploads]");
    button.closest(".file").remove();
    changed(box);
    box.querySelector("input[type=file]").focus();
  });

  function upload(box, file) {
    const list = box.querySelector("[data-files]");
    const most = Number(box.dataset.most);
    tell(box, "");
    if (list.children.length >= most) return tell(box, `最多上传 ${most} 个文件，请先删除不需要的文件。`);
    const limit = Number(box.dataset.maxMb);
    if (file.size > limit * 1024 * 1024) return tell(box, `“${file.name}”超过 ${limit} MB，请压缩或拆分后重新上传。`);
    const line = box.querySelector("template").content.firstElementChild.cloneNode(true);
    line.querySelector("a").textContent = file.name;
    line.querySelector("input").disabled = true; // no id yet
    list.append(line);
    send(box, file, line);
  }

  function send(box, file, line) {
    const form = new URL(box.closest("form").dataset.checkUrl, location.href).searchParams.get("form");
    const field = box.dataset.uploads;
    const request = new XMLHttpRequest(); // fetch tells nothing of an upload's progress
    request.open("POST", `${box.dataset.address}?${new URLSearchParams({ form, field })}`);
    request.setRequestHeader("X-CSRFToken", window.pilot.csrf());
    request.setRequestHeader("X-Requested-With", "fetch");
    request.responseType = "json";
    const note = line.querySelector("small");
    request.upload.addEventListener("progress", ({ loaded, total }) => (note.textContent = `上传中 ${Math.round((100 * loaded) / total)}%`));
    request.addEventListener("load", () => {
      if (request.status === 200) return arrived(box, line, request.response);
      if (request.status === 503) return later(box, file, line, note);
      line.remove();
      tell(box, request.response?.message || "上传未成功，请稍后重试；文件不能超过规定的大小。");
    });
    request.addEventListener("error", () => {
      line.remove();
      tell(box, `“${file.name}”未能上传，请检查网络后重试。`);
    });
    const body = new FormData();
    body.append("file", file);
    request.send(body);
  }

  // the system is busy: the file is sent again until it is taken, or removed from the list
  function later(box, file, line, note) {
    note.textContent = "系统繁忙，稍后自动重新上传";
    setTimeout(() => line.isConnected && send(box, file, line), 3000);
  }

  function arrived(box, line, kept) {
    const input = line.querySelector("input");
    input.value = kept.id;
    input.disabled = false;
    line.querySelector("a").href = kept.address;
    line.querySelector("button").setAttribute("aria-label", `删除 ${kept.name}`);
    line.querySelector("small").textContent = kept.size < 1048576 ? `${Math.ceil(kept.size / 1024)} KB` : `${(kept.size / 1048576).toFixed(1)} MB`;
    changed(box);
  }

  function tell(box, text) {
    const place = box.parentElement.querySelector(".invalid-feedback");
    place.textContent = text;
    place.classList.toggle("d-block", Boolean(text));
  }
  const changed = (box) => box.querySelector("input[type=file]").dispatchEvent(new Event("input", { bubbles: true })); // the draft
})();
