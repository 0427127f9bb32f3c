"""监考人员: the pages of invigilators."""
