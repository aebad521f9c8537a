"""The words of the sample: sentences with choices, written here. `[a|b]` is one of a and b; `{name}` is one of a list."""
