// The editor of diagrams: bpmn-js with our panel; draft, check, trial run, deployment, export.
import { spiffworkflow } from "./designer-moddle.js";
import { panel } from "./designer-panel.js";
import { words } from "./designer-words.js";

const root = document.querySelector("[data-designer]");
const at = (name) => root.querySelector(`[data-${name}]`);
const address = root.dataset.designer;
const csrf = () => document.querySelector("meta[name=csrf]").content;
const SAVE_AFTER = 4000; // milliseconds after the last change

let modeler;
let base = 0;
let unsaved = false;
let timer;

const translate = (template, replacements = {}) =>
  (words[template] || template).replace(/\{([^}]+)\}/g, (whole, name) => replacements[name] ?? whole);

async function content(more = {}) {
  const { xml } = await modeler.saveXML({ format: true });
  const form = new FormData();
  form.append("xml", new Blob([xml], { type: "application/xml" }), "diagram.bpmn");
  form.append("scenarios", at("scenarios").value);
  form.append("base", base);
  Object.entries(more).forEach(([name, value]) => form.append(name, value));
  return form;
}

async function post(what, more) {
  const headers = { "X-CSRFToken": csrf(), "X-Requested-With": "fetch" };
  let answer;
  try {
    answer = await fetch(`${address}${what}`, { method: "POST", body: await content(more), headers });
  } catch (error) {
    throw new Error("没有连上服务器，内容仍在页面上，请稍后再试。");
  }
  const found = await answer.json().catch(() => ({}));
  if (!answer.ok && !found.problems) throw new Error(found.message || "没有成功，请刷新页面后再试；内容已存为草稿的不会丢失。");
  return found;
}

function touched() {
  unsaved = true;
  clearTimeout(timer);
  timer = setTimeout(draft, SAVE_AFTER);
}

async function draft() {
  clearTimeout(timer);
  unsaved = false;
  try {
    await post("draft");
    at("saved").textContent = `草稿已保存 ${new Date().toLocaleTimeString("zh-CN", { hour12: false })}`;
  } catch (error) {
    unsaved = true;
    at("saved").textContent = `草稿未能保存：${error.message}`;
  }
}

function mark(kind, ids) {
  const canvas = modeler.get("canvas");
  const registry = modeler.get("elementRegistry");
  registry.forEach((element) => canvas.removeMarker(element.id, kind));
  ids.filter((id) => registry.get(id)).forEach((id) => canvas.addMarker(id, kind));
}

function select(id) {
  const element = modeler.get("elementRegistry").get(id);
  if (!element) return;
  modeler.get("selection").select(element);
  modeler.get("canvas").scrollToElement(element, 80);
}

function line(text, id) {
  const item = document.createElement("li");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "problem";
  button.textContent = text;
  button.addEventListener("click", () => select(id));
  item.append(button);
  return item;
}

function section(name, heading, ...parts) {
  const place = at(name);
  const title = document.createElement("h2");
  title.textContent = heading;
  place.replaceChildren(title, ...parts);
  place.hidden = false;
  place.focus();
  place.scrollIntoView({ block: "nearest" });
}

const list = (tag, items) => {
  const found = document.createElement(tag);
  found.append(...items);
  return found;
};

function paragraph(text) {
  const found = document.createElement("p");
  found.textContent = text;
  return found;
}

function problems(found) {
  mark("faulty", found.map((one) => one.element).filter(Boolean));
  if (!found.length) section("problems", "检查结果", paragraph("没有发现问题，可以试运行和部署。"));
  else section("problems", `检查结果：${found.length} 处问题，点击可找到所在的环节`, list("ol", found.map((one) => line(one.text, one.element))));
}

function report({ shown, taken, missed }) {
  mark("taken", taken);
  mark("missed", missed.map((one) => one.id));
  const scenarios = shown.map((one) => {
    const item = document.createElement("details");
    item.open = Boolean(one.failure);
    const summary = document.createElement("summary");
    summary.textContent = `${one.failure ? "失败" : "通过"}  ${one.name}${one.failure ? `：${one.failure}` : ""}`;
    item.append(summary, list("ol", one.lines.map((text) => Object.assign(document.createElement("li"), { textContent: text }))));
    return item;
  });
  const failed = shown.filter((one) => one.failure).length;
  const parts = missed.length ? [paragraph("没有走到的连线（图中为橙色虚线）："), list("ul", missed.map((one) => line(one.text, one.id)))] : [];
  const all = missed.length ? "" : "，每条连线都走到了";
  section("report", `试运行：${shown.length - failed} 个场景通过，${failed} 个失败${all}`, ...scenarios, ...parts);
}

const ACTS = {
  draft,
  undo: () => modeler.get("commandStack").undo(),
  redo: () => modeler.get("commandStack").redo(),
  check: async () => problems((await post("check")).problems),
  try: async () => {
    const found = await post("try");
    if (found.problems.length) problems(found.problems);
    else report(found);
  },
  deploy: () => at("deploy").showModal(),
  "deploy-now": async () => {
    const note = root.querySelector("#note").value;
    try {
      const found = await post("deploy", { note });
      if (found.problems) {
        at("deploy").close();
        problems(found.problems);
        return;
      }
      clearTimeout(timer);
      unsaved = false;
      location.assign(found.address);
    } catch (error) {
      at("deploy-note").textContent = error.message;
    }
  },
  export: async () => {
    const { xml } = await modeler.saveXML({ format: true });
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([xml], { type: "application/xml" }));
    link.download = `${root.dataset.key}.bpmn`;
    link.click();
    URL.revokeObjectURL(link.href);
  },
};

root.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-act]");
  if (!button || button.disabled) return;
  button.disabled = true;
  try {
    await ACTS[button.dataset.act]();
  } catch (error) {
    section("problems", "没有完成", paragraph(error.message));
  } finally {
    button.disabled = false;
  }
});
window.addEventListener("beforeunload", (event) => unsaved && event.preventDefault());

// shows the whole diagram, to the right of the palette instead of under it
function besidePalette(canvas) {
  const palette = 130; // px, with its margins
  const margin = 20;
  const { inner, outer } = canvas.viewbox();
  const scale = Math.min(1, (outer.width - palette - margin) / inner.width, (outer.height - 2 * margin) / inner.height);
  const [x, y] = [inner.x - palette / scale, inner.y - (outer.height - inner.height * scale) / 2 / scale];
  canvas.viewbox({ x, y, width: outer.width / scale, height: outer.height / scale });
}

async function begin() {
  const answer = await fetch(`${address}model.json`, { headers: { "X-Requested-With": "fetch" } });
  if (!answer.ok) throw new Error(String(answer.status));
  const model = await answer.json();
  base = model.base;
  at("scenarios").value = model.scenarios;
  modeler = new window.BpmnJS({
    container: at("canvas"),
    moddleExtensions: { spiffworkflow },
    additionalModules: [{ translate: ["value", translate] }],
  });
  const { warnings } = await modeler.importXML(model.xml);
  if (warnings.length) {
    at("warning").hidden = false;
    at("warning").textContent = `文件中有 ${warnings.length} 处内容编辑器不认识，保存后会丢失；如需保留，请不要在这里保存。`;
  }
  const canvas = modeler.get("canvas");
  besidePalette(canvas);
  panel(modeler, at("panel"), model.choices);
  modeler.on("commandStack.changed", touched);
  at("scenarios").addEventListener("input", touched);
}

if (root && window.matchMedia("(min-width: 768px)").matches) {
  begin().catch(() => {
    at("warning").hidden = false;
    at("warning").textContent = "流程图未能显示，请在流程设计列表中导出后检查文件，或查看下面的文字版。";
  });
}
