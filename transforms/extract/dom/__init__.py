"""A page's HTML -> its elements in document order, in blocks that say something of themselves: one walk, and nothing judged."""
