"""后台任务: what runs in the background for a person, with its progress and its result."""
