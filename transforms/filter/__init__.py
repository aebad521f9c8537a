"""Documents by language, and texts by quality and safety."""
