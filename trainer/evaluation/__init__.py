"""A trained model in, what it has learned out: validation loss, few-shot answers, texts. `evaluate.py` is the way in."""
