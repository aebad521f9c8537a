"""Pairs and documents in, the same with CLIP similarity out."""
