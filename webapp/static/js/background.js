"use strict";
// Keeps the progress of a background task up to date; shows the whole page anew once the task is over.
(() => {
  const box = document.querySelector("[data-progress]");
  if (!box) return;
  const bar = box.querySelector("progress");
  const sentence = box.querySelector("[data-sentence]");
  let pause = 500; // milliseconds; grows, so that a long task asks rarely

  async function look() {
    try {
      const answer = await fetch(box.dataset.progress, { headers: { "X-Requested-With": "fetch" } });
      if (answer.redirected || answer.status === 404) return window.location.reload();
      if (answer.ok) {
        const task = await answer.json();
        if (task.over) return window.location.reload();
        if (task.total) {
          bar.max = task.total;
          bar.value = task.handled;
        }
        if (sentence.textContent !== task.sentence) sentence.textContent = task.sentence;
      }
    } catch (error) {
      sentence.textContent = "暂时联系不上服务器，任务不受影响，正在重新连接…";
    }
    pause = Math.min(pause * 1.3, 3000);
    window.setTimeout(look, pause);
  }
  window.setTimeout(look, pause);
})();
