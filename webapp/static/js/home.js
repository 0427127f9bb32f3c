"use strict";
// Draws where the records of each kind stand: a bar a kind, a piece a status, each leading to its list. The same numbers stand in the
// table below, which is folded once they are drawn.
(() => {
  const SMALLEST = 0.04; // of a bar: a piece that holds one record of thousands is seen, too
  const ROW = 46; // pixels
  const NAMED = 56; // pixels: a narrower piece has no room for its status

  function colours() {
    const style = getComputedStyle(document.documentElement);
    const of = (tone) => style.getPropertyValue(`--chart-${tone}`).trim();
    return Object.fromEntries(["draft", "waiting", "attention", "failed", "done"].map((tone) => [tone, of(tone)]));
  }

  // the pieces of a line as parts of 1, none smaller than SMALLEST
  function widths(shares, total) {
    const raised = shares.map((one) => Math.max(one.count / total, SMALLEST));
    const sum = raised.reduce((a, b) => a + b, 0);
    return raised.map((one) => one / sum);
  }

  function option(lines, width) {
    const palette = colours();
    const narrow = width < 560;
    const room = narrow ? 92 : 150; // of the names
    const pieces = Math.max(...lines.map((line) => line.shares.length));
    const parts = lines.map((line) => widths(line.shares, line.total));
    const series = Array.from({ length: pieces }, (_, number) => ({
      type: "bar",
      stack: "all",
      barWidth: 26,
      data: lines.map((line, row) => {
        const share = line.shares[number];
        if (!share) return { value: 0, itemStyle: { color: "transparent" } };
        const value = parts[row][number];
        const named = value * (width - room) >= NAMED + 12 * Math.max(0, share.status.length - 3);
        return {
          value,
          share,
          line: line.label,
          itemStyle: { color: palette[share.tone], borderColor: "#fff", borderWidth: 1 },
          label: { show: true, color: "#fff", fontSize: 12, formatter: named ? `${share.status} ${share.count}` : String(share.count) },
        };
      }),
    }));
    return {
      animation: false,
      textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
      grid: { left: room, right: 4, top: 0, bottom: 0 },
      xAxis: { type: "value", max: 1, show: false },
      yAxis: {
        type: "category",
        inverse: true,
        data: lines.map((line) => `${line.label} ${line.total}`),
        axisLine: { show: false },
        axisTick: { show: false },
        axisLabel: { color: "#39485a", fontSize: narrow ? 12 : 13, width: room - 12, overflow: "break" },
      },
      series,
    };
  }

  document.addEventListener("DOMContentLoaded", () => {
    const place = document.querySelector("[data-standing]");
    if (!place || !window.echarts) return;
    const lines = JSON.parse(place.dataset.standing);
    place.hidden = false;
    place.style.height = `${lines.length * ROW}px`;
    const chart = window.echarts.init(place);
    const draw = () => {
      chart.resize();
      chart.setOption(option(lines, place.clientWidth), true);
    };
    draw();
    chart.on("click", ({ data }) => data.share && window.location.assign(data.share.url));
    chart.on("mouseover", ({ data }) => {
      place.title = data.share ? `${data.line}：${data.share.status} ${data.share.count}` : "";
    });
    chart.on("mouseout", () => place.removeAttribute("title"));
    window.addEventListener("resize", draw);
    document.querySelector("[data-standing-numbers]").open = false;
  });
})();
