"""The words of the sample: sentences with choices, authored here. `[a|b]` is one of a and b; `{name}` is one of a list."""
