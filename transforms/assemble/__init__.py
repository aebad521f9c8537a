"""Documents and media in, pruned documents out: images in place, phi true."""
