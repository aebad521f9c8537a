"""From a recipe, YAML files and `key=value` overrides to one resolved Config, and back to text."""
