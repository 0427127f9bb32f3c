"""Records of exams."""
