"""Is the file a diagram of one process, and not too large a one?"""

from __future__ import annotations

from collections.abc import Iterator

from processes.diagrams.diagram import flow_nodes
from processes.diagrams.nodes import BPMN, Node, local
from processes.diagrams.quoting import quoted

MAX_NODES = 300  # the library walks a diagram by recursion; the largest of 10,000 public diagrams has 108
MAX_FLOWS = 1000
MAX_ELEMENTS = 75_000  # of the XML, the drawing included
_OTHERS = {  # root element or namespace → what it is and what to do
    "/DMN/": "这是决策表（DMN）文件，不是流程图；请把它与流程图放在同一文件夹，由业务规则任务调用",
    "/CMMN/": "这是案例图（CMMN）文件，平台不能运行，请改画为 BPMN 流程图",
    "/XPDL": "这是 XPDL 文件，平台不能运行，请在原来的工具中导出为 BPMN 2.0",
    "/wsbpel/": "这是 BPEL 文件，平台不能运行，请在原来的工具中导出为 BPMN 2.0",
    "mxfile": "这是 draw.io 图，不是流程图，请用流程设计器重新绘制",
    "AML": "这是 ARIS 导出文件，请在 ARIS 中导出为 BPMN 2.0",
    "svg": "这是图片（SVG），不是流程图，请选择 .bpmn 文件",
    "html": "这是网页，不是流程图，请选择 .bpmn 文件",
}


def check(root: Node) -> Iterator[str]:
    """Problems of a file that holds no process, several, or one that is too large: nothing more is checked of it."""
    if root.tag != f"{BPMN}definitions":
        yield _other(root)
        return
    processes = root.findall(f"{BPMN}process")
    if not processes:
        drawn = (
            "协作图" if root.find(f"{BPMN}collaboration") is not None else "编排图" if root.find(f"{BPMN}choreography") is not None else ""
        )
        yield (
            f"文件中只有{drawn}，没有流程（process）；请给参与者画出流程"
            if drawn
            else "文件中没有流程（process），请选择用流程设计器保存的 .bpmn 文件"
        )
        return
    if len(processes) > 1:
        called = [p.get("name") or p.get("id") for p in processes[:8]]
        names = "、".join(quoted(name) if name else "（没有名称）" for name in called)
        count = f"文件中有 {len(processes)} 个流程（process）"
        yield f"{count}：{names}；应恰有一个，请把其他泳池改为没有内容的参与者，或另存为单独的文件"
        return
    yield from _size(root, processes[0])


def _other(root: Node) -> str:
    space = root.tag.partition("}")[0] if "}" in root.tag else ""
    for mark, text in _OTHERS.items():
        if mark in space or mark == local(root):
            return text
    if local(root) == "definitions":
        what = f"命名空间{quoted(space[1:])}" if space else "没有命名空间"
        return f"不是 BPMN 2.0 流程图（{what}），请在原来的工具中导出为 BPMN 2.0"
    return f"不是 BPMN 流程图（根元素为{quoted(local(root))}），请选择用流程设计器保存的 .bpmn 文件"


def _size(root: Node, process: Node) -> Iterator[str]:
    if (elements := sum(1 for _ in root.iter())) > MAX_ELEMENTS:
        yield f"文件中有 {elements} 个元素（XML），超过 {MAX_ELEMENTS} 个，请删除多余的内容，或在流程设计器中重新绘制"
        return
    nodes, flows = sum(1 for _ in flow_nodes(process)), sum(1 for _ in process.iter(f"{BPMN}sequenceFlow"))
    if not nodes:
        yield "流程是空的，没有任何环节，请画出流程"
    if nodes > MAX_NODES:
        yield f"流程有 {nodes} 个环节，超过 {MAX_NODES} 个，请拆成几个流程，用调用活动连接"
    if flows > MAX_FLOWS:
        yield f"流程有 {flows} 条连线，超过 {MAX_FLOWS} 条，请拆成几个流程，用调用活动连接"
