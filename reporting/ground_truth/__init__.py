"""The sample web's ledger compared with a run: the expected outcome of each thing, and the one found."""
