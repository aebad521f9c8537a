"""A page's HTML -> its blocks in document order, with what each element says of itself: one walk, and nothing judged."""
