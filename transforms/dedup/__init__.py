"""One of each page: by address, then by text."""
