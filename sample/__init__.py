"""A small web, authored and rendered by our own code: pages, pictures and clips whose truth and whose outcome are known."""
