"""The sample web's ledger held against a run: what must become of each thing, and what did."""
