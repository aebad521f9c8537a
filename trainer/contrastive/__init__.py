"""CLIP and CoCa training: pair shards in, the scorer, captioner and matcher of a run out."""
