"use strict";
// A page that takes longer than 200 ms shows grey lines where its rows will be, so that a click is never met by silence.
(() => {
  const after = 200; // ms; shorter waits would only flicker
  let timer = 0;

  function start() {
    clearTimeout(timer);
    timer = setTimeout(() => document.body.classList.add("loading"), after);
  }
  function stop() {
    clearTimeout(timer);
    document.body.classList.remove("loading");
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href]");
    const plain = !event.defaultPrevented && event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey;
    if (!link || !plain || link.target || link.hasAttribute("download") || link.origin !== location.origin) return;
    if (link.pathname === location.pathname && link.search === location.search && link.hash) return; // within the page
    start();
  });
  document.addEventListener("pilot:sending", (event) => {
    if (!("download" in event.detail.dataset) && !event.detail.closest("dialog")) start();
  });
  window.addEventListener("pageshow", stop);
  window.addEventListener("pagehide", stop);
  window.addEventListener("focus", stop); // an answer that was a download leaves the page where it was
})();
