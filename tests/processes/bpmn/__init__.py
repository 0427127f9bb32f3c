"""The BPMN that the engine runs, each element on a tiny diagram beside its assertions."""
