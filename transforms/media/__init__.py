"""Untrusted pictures and clips: what they claim, what they cost, decoding in a process that can be killed, measures."""
