"""Page -> InterleavedDocument: text, images and videos in reading order, without the furniture of the site."""
