"""An exam from the subject to the result."""
