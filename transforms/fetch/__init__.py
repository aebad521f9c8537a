"""Links -> Media: found in the archives, or asked for politely over HTTP; inspected, judged, one of each."""
