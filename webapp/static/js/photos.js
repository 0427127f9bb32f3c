"use strict";
// A zip of photos goes up in pieces: what has arrived stays, whatever becomes of the line, the login or this page.
(() => {
  const form = document.querySelector("[data-photo-upload]");
  if (!form) return;
  const box = form.querySelector("[data-sending]");
  const bar = box.querySelector("progress");
  const sentence = box.querySelector("[data-sentence]");
  const wait = (milliseconds) => new Promise((done) => window.setTimeout(done, milliseconds));
  const megabytes = (bytes) => (bytes / 1048576).toFixed(1);
  let sending = false;

  form.addEventListener("submit", async (event) => {
    const file = form.querySelector("input[type=file]").files[0];
    event.preventDefault();
    if (sending) return;
    if (!file) return tell("请先选择要导入的压缩包");
    tell("");
    busy(true);
    try {
      const address = await send(file);
      busy(false);
      window.location.assign(address);
    } catch (error) {
      busy(false);
      tell(error.message);
    }
  });
  window.addEventListener("beforeunload", (event) => sending && event.preventDefault());

  function busy(now) {
    sending = now;
    box.hidden = !now;
    form.querySelectorAll("button.btn-primary, input, select").forEach((one) => (one.disabled = now));
  }

  async function send(file) {
    const body = new URLSearchParams({ name: file.name, size: file.size, modified: file.lastModified, ground: form.ground?.value ?? "" });
    const begun = await stubborn(form.action, body);
    let at = begun.received;
    const began = { at, time: Date.now() };
    while (at < file.size) {
      const piece = file.slice(at, at + begun.piece);
      const answer = await stubborn(`${begun.pieces}?at=${at}`, piece, (loaded) => show(at + loaded, file.size, began));
      at = answer.received;
      show(at, file.size, began);
    }
    return (await stubborn(begun.begin, new URLSearchParams())).address;
  }

  // the answer, however often the line breaks, the system is busy, or the login ends meanwhile
  async function stubborn(address, body, progress = () => {}) {
    for (let pause = 1000; ; pause = Math.min(pause * 2, 15000)) {
      const { status, answer } = await post(address, body, progress);
      if (answer && (status === 200 || (status === 409 && "received" in answer))) return answer;
      if (status === 401) await newLogin();
      else if (status !== 0 && status < 500) throw new Error(answer?.message || "上传未成功，请刷新页面后重新选择文件，会从断开的地方继续。");
      else {
        sentence.textContent = waiting(status);
        await wait(pause);
      }
    }
  }

  function waiting(status) {
    if (status === 0) return "连接中断，正在重新连接，已上传的部分不会丢失…";
    if (status === 507) return "服务器的存储空间已满，请联系系统管理员清理空间；清理后自动继续上传，已上传的部分不会丢失…";
    return "系统繁忙，稍后自动继续上传…";
  }

  function post(address, body, progress) {
    return new Promise((done) => {
      const request = new XMLHttpRequest(); // fetch tells nothing of an upload's progress
      request.open("POST", address);
      request.setRequestHeader("X-CSRFToken", window.pilot.csrf());
      request.setRequestHeader("X-Requested-With", "fetch");
      if (body instanceof Blob) request.setRequestHeader("Content-Type", "application/octet-stream");
      request.responseType = "json";
      request.upload.addEventListener("progress", ({ loaded }) => progress(loaded));
      request.addEventListener("load", () => done({ status: request.status, answer: request.response }));
      request.addEventListener("error", () => done({ status: 0, answer: null }));
      request.send(body);
    });
  }

  async function newLogin() {
    window.pilot.ended(form);
    sentence.textContent = "登录已失效，重新登录后自动继续上传…";
    do await wait(2000);
    while (!(await window.pilot.alive().catch(() => false)));
  }

  function show(bytes, total, began) {
    const speed = (bytes - began.at) / Math.max(Date.now() - began.time, 1); // bytes a millisecond
    const left = speed > 0 ? Math.ceil((total - bytes) / speed / 1000) : 0;
    const time = !left ? "" : left < 60 ? `，约剩 ${left} 秒` : `，约剩 ${Math.ceil(left / 60)} 分钟`;
    bar.value = bytes / total;
    sentence.textContent = `已上传 ${megabytes(bytes)} MB / ${megabytes(total)} MB（${Math.floor((100 * bytes) / total)}%）${time}`;
  }

  function tell(text) {
    const place = form.querySelector("[data-problem]");
    place.textContent = text;
    place.classList.toggle("d-block", Boolean(text));
  }
})();
