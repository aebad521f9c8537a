"""A step's number -> its rows: samples, tokens, sequences, pictures, packing. Start with `mixture.py`."""
