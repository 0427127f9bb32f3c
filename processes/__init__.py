"""The engine: runs diagrams, step by step, over records it knows nothing of."""
