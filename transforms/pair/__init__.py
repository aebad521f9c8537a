"""Documents in, image-text and video-text pairs out."""
