"""Documents -> image-text and video-text pairs."""
