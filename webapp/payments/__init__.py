"""缴费管理: the pages of payment slips."""
