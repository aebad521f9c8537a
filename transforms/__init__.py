"""HOW it changes: a folder a verb, each with pure modules and one stage.py; the ground files here serve them all."""
