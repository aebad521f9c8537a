"""A recipe, YAML files and `key=value` overrides -> one resolved Config, and back to text."""
