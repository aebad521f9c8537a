"""Documents and media -> pruned documents: images in place, phi true."""
