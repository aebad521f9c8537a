"""Questions with known answers in, how many a model answers right out. `trainer/evaluate.py` is the door."""
