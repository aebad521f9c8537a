"""From a step's number to its rows: samples, tokens, sequences, pictures, packing. `mixture.py` is the way in."""
