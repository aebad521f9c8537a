"""From a step's number to its rows: order, samples, sequences, pictures, packing. `trainer/data.py` is the door."""
