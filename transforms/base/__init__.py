"""What every stage stands on: steps, rules, rejections, files, blobs."""
