"""From a step's number to its rows: order, samples, sequences, pictures, packing. `trainer/loading/mixture.py` is the door."""
