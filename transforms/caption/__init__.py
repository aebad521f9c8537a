"""Pairs in, pairs with the better of web text and synthetic text out (CapFilt)."""
