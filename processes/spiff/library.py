"""What the floors above use of SpiffWorkflow: the workflow, its tasks and their states, its specifications and what it raises.

They take it from here, so that what Pilot depends on stands in one place when the library changes.
"""

from SpiffWorkflow.bpmn.exceptions import WorkflowException
from SpiffWorkflow.bpmn.parser.ValidationException import ValidationException
from SpiffWorkflow.bpmn.specs.bpmn_process_spec import BpmnProcessSpec
from SpiffWorkflow.bpmn.specs.event_definitions.conditional import ConditionalEventDefinition
from SpiffWorkflow.bpmn.specs.mixins.multiinstance_task import LoopTask
from SpiffWorkflow.bpmn.specs.mixins.subworkflow_task import SubWorkflowTask
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.exceptions import SpiffWorkflowException
from SpiffWorkflow.specs.Join import Join
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

__all__ = [
    "BpmnProcessSpec",
    "BpmnWorkflow",
    "ConditionalEventDefinition",
    "Join",
    "LoopTask",
    "SpiffWorkflowException",
    "SubWorkflowTask",
    "Task",
    "TaskState",
    "ValidationException",
    "WorkflowException",
]
