"""Printed documents of an exam as PDF: 准考证, 考场门贴, 考场桌贴, 考场签到表, 缴费申请单. Pure functions over the values of `facts`."""
