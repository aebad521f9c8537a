"""Pairs -> the same and their pictures' synthetic texts, each a pair whose text matches its picture (CapFilt)."""
