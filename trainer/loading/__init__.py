"""From a step's number to its rows: samples, tokens, sequences, pictures, packing. `trainer/loading/mixture.py` is the door."""
