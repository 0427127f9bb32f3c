"""成绩查询: candidates, who have no account, see their own results and object to a mark (row 5.2.9.2)."""
