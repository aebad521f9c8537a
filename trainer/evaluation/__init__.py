"""A trained model -> what it has learned: validation loss, few-shot answers, texts. Start with `evaluate.py`."""
