"""Flamingo (Alayrac et al. 2022): the parts of the model in the paper's words, and `train.py`, the loop."""
