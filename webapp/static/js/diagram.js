"use strict";
// Draws a diagram: tokens with a blue ring, the path taken as green lines, heat (1–5) with its count where many stand.
(() => {
  function zoomButtons(canvas, fit) {
    const by = (factor) => () => canvas.zoom(canvas.zoom() * factor, "auto");
    const bar = Object.assign(document.createElement("div"), { className: "btn-list diagram-zoom" });
    for (const [label, act] of [["放大", by(1.25)], ["缩小", by(0.8)], ["适合窗口", fit]]) {
      const button = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-sm", textContent: label });
      button.addEventListener("click", act);
      bar.append(button);
    }
    return bar;
  }

  document.addEventListener("DOMContentLoaded", async () => {
    const place = document.querySelector("[data-diagram]");
    if (!place || !window.BpmnJS) return;
    const note = document.querySelector("[data-diagram-note]");
    try {
      const answer = await fetch(place.dataset.diagram, { headers: { "X-Requested-With": "fetch" } });
      if (!answer.ok) throw new Error(String(answer.status));
      const { xml, tokens, path, notes, heat } = await answer.json();
      const viewer = new window.BpmnJS({ container: place });
      await viewer.importXML(xml);
      const canvas = viewer.get("canvas");
      const fit = () => place.offsetWidth && (canvas.resized(), canvas.zoom("fit-viewport", "auto"));
      fit();
      document.addEventListener("pilot:shown", fit); // a hidden tab has no width to fit into
      window.addEventListener("resize", fit);
      place.after(zoomButtons(canvas, fit));
      // the drawing is hidden from screen readers, which get the list of steps: nothing in it takes the focus
      place.querySelectorAll("a, [tabindex]").forEach((one) => one.setAttribute("tabindex", "-1"));
      const registry = viewer.get("elementRegistry");
      const isDrawn = (id) => Boolean(registry.get(id)); // versions of before the checks saw to it may lack shapes and lines
      path.filter(isDrawn).forEach((id) => canvas.addMarker(id, "taken"));
      tokens.filter(isDrawn).forEach((id) => canvas.addMarker(id, "token"));
      const undrawn = [...new Set([...tokens, ...Object.keys(heat)])].filter((id) => !isDrawn(id));
      if (undrawn.length) note.textContent = `有 ${undrawn.length} 个所在的环节没有画在图上，请查看下面的步骤列表。`;
      Object.entries(heat).filter(([id]) => isDrawn(id)).forEach(([id, { level, count }]) => {
        const mark = document.createElement("span");
        mark.className = `heat-count heat-${level}`;
        mark.textContent = count;
        canvas.addMarker(id, `heat-${level}`);
        viewer.get("overlays").add(id, { position: { top: -12, right: 16 }, html: mark });
      });
      viewer.on("element.click", ({ element }) => {
        const told = notes[element.id];
        note.textContent = told ? told.join("；") : place.dataset.diagramEmpty || "这一步还没有办理记录。";
      });
    } catch (error) {
      note.textContent = "流程图未能显示，请查看下面的步骤列表。";
    }
  });
})();
