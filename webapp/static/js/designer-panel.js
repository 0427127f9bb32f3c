// The properties of the selected element, in the words of our conventions (CONTRIBUTING.md, conventions of diagrams).
const WAITING = ["bpmn:UserTask", "bpmn:ManualTask", "bpmn:ReceiveTask", "bpmn:IntermediateCatchEvent", "bpmn:EventBasedGateway"];
const TONES = { draft: "灰：草稿", waiting: "蓝：等待办理", attention: "橙：需要注意", failed: "红：失败", done: "绿：完成" };
const property = (name, label, more = {}) => ({ kind: "property", name, label, ...more });

const STATUS = [
  property("status", "状态", { hint: "流程停在这里时记录的状态" }),
  property("statusTone", "状态颜色", { options: "tones" }),
];
const BUTTON = [
  property("confirm", "确认提示", { hint: "不能撤销的操作先问一句" }),
  property("bulk", "批量按钮", { hint: "列表上对所选各行办理的按钮名称" }),
];
const MANY = [
  property("collection", "会签的人或集合", { hint: "people 是每个有办理角色的人；也可以是得出列表的表达式" }),
  property("quorum", "会签规则", { hint: "all 全部同意（默认）、any 一人同意、veto 一票否决、2/3、60%、人数或表达式" }),
  property("agreeWhen", "同意的条件", { hint: "表达式；不写则第一个选项是同意" }),
];
const MESSAGE = [
  property("messageFrom", "其他机构也可发来", { hint: "any；不写则只接收本机构的记录发来的消息" }),
  property("messageGives", "接收的内容", { hint: "消息带来的名称，用逗号分开" }),
];
const PRESS = [property("pressLane", "由谁按", { options: "roles", hint: "按钮给哪个角色；不选则为所在泳道" })];
const FIELDS = {
  "bpmn:StartEvent": [
    property("button", "按钮", { hint: "发起这个流程的按钮名称" }),
    property("messageSubject", "由消息开始时的记录", { hint: "expression" }),
    ...MESSAGE,
  ],
  "bpmn:UserTask": [
    ...STATUS,
    property("formJsonSchemaFilename", "表单", { options: "forms" }),
    property("editForm", "可编辑的表单", { options: "forms", hint: "停在这里时可以修改的内容；不选则不能修改" }),
    property("outcomes", "选项", { hint: "办理的按钮，用逗号分开，如 审核通过,审核退回" }),
    property("commentRequired", "须填意见的选项", { hint: "用逗号分开" }),
    property("signs", "属于签名的选项", { hint: "用逗号分开；登录超过 10 分钟的，办理时须输入登录密码" }),
    property("button", "列表上的按钮"),
    ...BUTTON,
    property("due", "办理期限", { hint: "expression" }),
    property("candidateGroup", "办理角色", { options: "roles", hint: "不选则为所在泳道" }),
    property("copyTo", "办理后抄送", { hint: "角色，用逗号分开" }),
    property("fourEyesWith", "不能与此环节同一人", { options: "tasks" }),
    property("lateMessage", "逾期后的提示"),
  ],
  "bpmn:BoundaryEvent": [...STATUS, ...PRESS, ...BUTTON, ...MESSAGE],
  "bpmn:IntermediateCatchEvent": [...STATUS, property("editForm", "可编辑的表单", { options: "forms" }), ...PRESS, ...BUTTON, ...MESSAGE],
  "bpmn:ReceiveTask": [...STATUS, ...PRESS, ...MESSAGE],
  "bpmn:ManualTask": STATUS,
  "bpmn:EventBasedGateway": STATUS,
  "bpmn:ServiceTask": STATUS,
  "bpmn:EndEvent": [...STATUS, property("editForm", "可编辑的表单", { options: "forms" })],
};

export function panel(modeler, place, choices) {
  const modeling = modeler.get("modeling");
  const moddle = modeler.get("moddle");
  const registry = modeler.get("elementRegistry");
  let shown = null;

  const owned = (owner, type) => (owner.extensionElements?.values || []).find((one) => one.$type === type);
  const listed = (owner) => (owned(owner, "spiffworkflow:Properties")?.properties || []).map(({ name, value }) => ({ name, value }));

  function extend(element, owner, type, made) {
    const others = (owner.extensionElements?.values || []).filter((one) => one.$type !== type);
    const values = made ? [...others, made] : others;
    const extensionElements = values.length ? moddle.create("bpmn:ExtensionElements", { values }) : undefined;
    values.forEach((one) => (one.$parent = extensionElements));
    if (extensionElements) extensionElements.$parent = owner;
    modeling.updateModdleProperties(element, owner, { extensionElements });
  }

  function setProperty(element, owner, name, value) {
    const kept = listed(owner);
    const at = kept.findIndex((one) => one.name === name);
    if (at >= 0) kept.splice(at, 1, ...(value ? [{ name, value }] : []));
    else if (value) kept.push({ name, value });
    const made = kept.length && moddle.create("spiffworkflow:Properties", {
      properties: kept.map((one) => moddle.create("spiffworkflow:Property", one)),
    });
    made?.properties?.forEach((one) => (one.$parent = made));
    extend(element, owner, "spiffworkflow:Properties", made);
  }

  function setOperator(element, owner, id, parameters) {
    const made = id && moddle.create("spiffworkflow:ServiceTaskOperator", {
      id,
      parameterList: moddle.create("spiffworkflow:Parameters", {
        parameters: parameters.map((one) => moddle.create("spiffworkflow:Parameter", { type: "str", ...one })),
      }),
    });
    extend(element, owner, "spiffworkflow:ServiceTaskOperator", made);
  }

  const expression = (text) => (text ? moddle.create("bpmn:FormalExpression", { body: text }) : undefined);

  function options(name, element) {
    if (name === "forms") return choices.forms;
    if (name === "tones") return choices.tones.map((value) => ({ value, label: TONES[value] || value }));
    if (name === "tasks") {
      const others = registry.filter((one) => one.type === "bpmn:UserTask" && one !== element);
      return others.map((one) => ({ value: one.id, label: one.businessObject.name || one.id }));
    }
    return choices[name].map((value) => ({ value, label: value }));
  }

  function field(label, value, change, { hint, choice, long } = {}) {
    const id = `p-${place.childElementCount}`;
    const one = document.createElement("div");
    one.className = "one";
    const text = document.createElement("label");
    text.className = "form-label";
    text.htmlFor = id;
    text.textContent = label;
    const input = document.createElement(choice ? "select" : long ? "textarea" : "input");
    input.id = id;
    input.className = choice ? "form-select" : "form-control";
    if (choice) {
      const known = choice.some((option) => option.value === value) || !value;
      const all = [{ value: "", label: "（无）" }, ...choice, ...(known ? [] : [{ value, label: `${value}（不存在）` }])];
      input.append(...all.map((option) => new Option(option.label, option.value, false, option.value === (value || ""))));
    } else input.value = value || "";
    input.addEventListener("change", () => change(input.value.trim()));
    one.append(text, input);
    const told = hint === "expression" ? `时间表达式，如 now + days(3)。可用：${["now", ...choices.facts].join("、")}` : hint;
    if (told) {
      const small = document.createElement("small");
      small.className = "form-hint";
      small.id = `${id}-hint`;
      small.textContent = told;
      input.setAttribute("aria-describedby", small.id);
      one.append(small);
    }
    place.append(one);
  }

  function title(text) {
    const heading = document.createElement("h2");
    heading.textContent = text;
    place.append(heading);
  }

  function ofProcess(element) {
    const process = element.type === "bpmn:Participant" ? element.businessObject.processRef : element.businessObject;
    if (process?.$type !== "bpmn:Process") return;
    field("流程 id（部署后不能改）", process.id, show, {});
    place.lastChild.querySelector("input").readOnly = true;
    field("流程名称", process.name, (name) => {
      modeling.updateModdleProperties(element, process, { name });
      if (element.type === "bpmn:Participant") modeling.updateProperties(element, { name });
    });
    const subject = listed(process).find((one) => one.name === "subject")?.value;
    field("业务记录", subject, (value) => setProperty(element, process, "subject", value), { choice: options("subjects") });
    const cancelStatus = listed(process).find((one) => one.name === "cancelStatus")?.value;
    field("终止后的状态", cancelStatus, (value) => setProperty(element, process, "cancelStatus", value), { hint: "空着为“已终止”" });
    const lifecycle = listed(process).find((one) => one.name === "lifecycle")?.value;
    const yes = [{ value: "true", label: "是" }];
    const hint = "如考生、教师：不列入“我发起的”";
    field("成批录入的记录", lifecycle, (value) => setProperty(element, process, "lifecycle", value), { choice: yes, hint });
  }

  function ofFlow(element) {
    const flow = element.businessObject;
    const source = element.source?.businessObject;
    const hint = "如 review_outcome == '审核通过'；任务 id 后加 _outcome 是它的结果";
    const set = (text) => modeling.updateProperties(element, { conditionExpression: expression(text) });
    field("条件", flow.conditionExpression?.body, set, { hint, long: true });
    if (!source || !["bpmn:ExclusiveGateway", "bpmn:InclusiveGateway"].includes(source.$type)) return;
    const yes = [{ value: "yes", label: "其他条件都不成立时走这里" }];
    field("默认流", source.default === flow ? "yes" : "", (value) => {
      modeling.updateProperties(element.source, { default: value ? flow : undefined });
    }, { choice: yes });
  }

  function ofTimer(element) {
    const timer = (element.businessObject.eventDefinitions || []).find((one) => one.$type === "bpmn:TimerEventDefinition");
    if (!timer) return;
    field("时间", timer.timeDate?.body, (text) => {
      modeling.updateModdleProperties(element, timer, { timeDate: expression(text), timeDuration: undefined, timeCycle: undefined });
    }, { hint: "expression" });
  }

  function ofService(element) {
    const owner = element.businessObject;
    const operator = owned(owner, "spiffworkflow:ServiceTaskOperator");
    const given = (operator?.parameterList?.parameters || []).map(({ id, type, value }) => ({ id, type, value }));
    const choice = choices.handlers.map(({ value, outside }) => ({ value, label: outside ? `${value}（调用外部）` : value }));
    field("服务", operator?.id, (id) => {
      const needs = choices.handlers.find((one) => one.value === id)?.needs || [];
      setOperator(element, owner, id, needs.map((name) => given.find((one) => one.id === name) || { id: name, value: "" }));
      show();
    }, { choice });
    given.forEach((parameter, at) => {
      field(`参数 ${parameter.id}`, parameter.value, (value) => {
        setOperator(element, owner, operator.id, given.map((one, n) => (n === at ? { ...one, value } : one)));
        show();
      }, { hint: "表达式；文字要加引号，如 'author'" });
    });
  }

  function ofMany(element) {
    const loop = element.businessObject.loopCharacteristics;
    if (loop?.$type !== "bpmn:MultiInstanceLoopCharacteristics") return [];
    field("次数", loop.loopCardinality?.body, (text) => {
      modeling.updateModdleProperties(element, loop, { loopCardinality: expression(text) });
    }, { hint: "或在下面写集合，只写一个" });
    field("每一项的名称", loop.inputDataItem?.id, (id) => {
      const inputDataItem = id ? moddle.create("bpmn:DataInput", { id, name: id }) : undefined;
      if (/^[A-Za-z_]\w*$/.test(id || "x")) modeling.updateModdleProperties(element, loop, { inputDataItem });
    }, { hint: "这一步的表达式用它读取各自的办理项" });
    field("完成条件", loop.completionCondition?.body, (text) => {
      modeling.updateModdleProperties(element, loop, { completionCondition: expression(text) });
    }, { hint: "不写会签规则时才用，可用 nrOfInstances、nrOfCompletedInstances、nrOfActiveInstances、nrOfAgreedInstances" });
    return MANY;
  }

  function others(element, known) {
    const owner = element.businessObject;
    const rest = listed(owner).filter((one) => !known.includes(one.name));
    rest.forEach(({ name, value }) => field(`属性 ${name}`, value, (text) => setProperty(element, owner, name, text)));
    const add = document.createElement("button");
    add.type = "button";
    add.className = "btn btn-sm";
    add.textContent = "增加其他属性";
    add.addEventListener("click", () => {
      add.hidden = true;
      field("属性名", "", (name) => {
        if (!/^[A-Za-z]\w*$/.test(name)) return;
        field(`属性 ${name}`, "", (text) => setProperty(element, owner, name, text));
        place.lastChild.querySelector("input").focus();
      });
      place.lastChild.querySelector("input").focus();
    });
    place.append(add);
  }

  function show(element = shown) {
    shown = element;
    place.textContent = "";
    if (!element) {
      title("属性");
      place.append("点击图中的环节或连线，在这里设置它的属性。");
      return;
    }
    const owner = element.businessObject;
    title(owner.name || "未命名");
    if (element.type === "bpmn:Lane") {
      field("角色", owner.name, (name) => modeling.updateProperties(element, { name }), { choice: options("roles") });
      return;
    }
    if (["bpmn:Participant", "bpmn:Process", "bpmn:Collaboration"].includes(element.type)) return ofProcess(element);
    field("名称", owner.name, (name) => modeling.updateProperties(element, { name }));
    if (element.type === "bpmn:SequenceFlow") return ofFlow(element);
    if (!owner.$instanceOf("bpmn:FlowNode")) return undefined;
    field("id", owner.id, (id) => /^[A-Za-z_][\w.-]*$/.test(id) && !registry.get(id) && modeling.updateProperties(element, { id }));
    const own = FIELDS[element.type] || (WAITING.includes(element.type) ? STATUS : []);
    const values = Object.fromEntries(listed(owner).map((one) => [one.name, one.value]));
    if (element.type === "bpmn:ServiceTask") ofService(element);
    ofTimer(element);
    const fields = [...own, ...ofMany(element)];
    fields.forEach(({ name, label, hint, options: from }) => {
      const choice = from && options(from, element);
      field(label, values[name], (value) => setProperty(element, owner, name, value), { hint, choice });
    });
    return others(element, fields.map((one) => one.name));
  }

  modeler.on("selection.changed", ({ newSelection }) => {
    show(newSelection.length === 1 ? newSelection[0] : null);
    place.scrollTop = 0;
  });
  modeler.on("commandStack.changed", () => {
    if (!place.contains(document.activeElement)) show(shown && registry.get(shown.id));
  });
  show(null);
}
