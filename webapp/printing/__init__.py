"""What pages have printed: which rows, as one PDF or a PDF for each room; then a background task."""
