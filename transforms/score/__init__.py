"""Pairs and documents -> the same with CLIP similarity."""
