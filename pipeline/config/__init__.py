"""From a recipe, YAML files and `key=value` words to one resolved Config, and back to text."""
