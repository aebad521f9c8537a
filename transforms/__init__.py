"""How it changes: a folder for each verb, with pure modules and one stage.py; `base/` and `formats/` serve them all."""
