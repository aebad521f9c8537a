"""What all trainings share. It imports no model, and no model's config."""
