"""What every training stands on, once; it imports no model, and no model's config."""
