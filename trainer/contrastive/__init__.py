"""CLIP and CoCa training: pair shards -> the scorer, captioner and matcher of a run."""
