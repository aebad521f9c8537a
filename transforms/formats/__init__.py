"""What the web is made of: archives, content encodings, character sets, URLs, words, pixels, clips."""
