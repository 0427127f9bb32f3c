"""Who may do what: role, party, substitute, four eyes, and what of a form a step sees."""
