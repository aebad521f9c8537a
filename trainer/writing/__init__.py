"""Prompts of pictures and text in, what a trained model writes or finds likely out. `generate.py` is the door."""
