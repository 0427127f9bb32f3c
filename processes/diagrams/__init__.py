"""What a diagram says: its XML, its elements and the small languages in it; knows neither SpiffWorkflow nor a database."""
