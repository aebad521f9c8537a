"""A page -> its parse, by a process that can be killed: nothing that a page does outlives the page."""
