"""A small web, written and drawn by our own code: pages, pictures and clips whose truth and expected outcome are known."""
