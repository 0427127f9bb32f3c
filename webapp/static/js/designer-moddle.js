// What of SpiffWorkflow's namespace the editor reads and writes; everything named here survives being edited.
const body = (name) => ({ name, superClass: ["Element"], properties: [{ name: "value", isBody: true, type: "String" }] });
const attribute = (name) => ({ name, isAttr: true, type: "String" });

export const spiffworkflow = {
  name: "SpiffWorkflow",
  uri: "http://spiffworkflow.org/bpmn/schema/1.0/core",
  prefix: "spiffworkflow",
  xml: { tagAlias: "lowerCase" },
  associations: [],
  types: [
    { name: "Properties", superClass: ["Element"], properties: [{ name: "properties", isMany: true, type: "Property" }] },
    { name: "Property", superClass: ["Element"], properties: [attribute("name"), attribute("value")] },
    {
      name: "ServiceTaskOperator",
      superClass: ["Element"],
      properties: [attribute("id"), attribute("resultVariable"), { name: "parameterList", type: "Parameters" }],
    },
    { name: "Parameters", superClass: ["Element"], properties: [{ name: "parameters", isMany: true, type: "Parameter" }] },
    { name: "Parameter", superClass: ["Element"], properties: [attribute("id"), attribute("type"), attribute("value")] },
    ...["CalledDecisionId", "MessagePayload", "MessageVariable", "SignalPayload", "PayloadExpression", "VariableName"].map(body),
    ...["InstructionsForEndUser", "PreScript", "PostScript"].map(body),
  ],
};
