"""The language model under a Flamingo: its tokenizer, its corpus, its pretraining, and how it is frozen and extended."""
