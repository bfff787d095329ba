"""Plans, jobs and the physics page."""
