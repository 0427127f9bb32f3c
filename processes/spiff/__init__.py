"""SpiffWorkflow where it does less than BPMN or than we need, and surgery on its task tree; knows no database and no person."""
