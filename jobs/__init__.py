"""What runs in the background: how work is handed out and done."""
