"""Links -> Media: found in the archives or fetched over HTTP within each site's rules; inspected, judged, one of each."""
