"""Flamingo (Alayrac et al. 2022): the parts of the model with the paper's names, and `train.py`, the loop."""
