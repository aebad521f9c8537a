"""WARC bytes -> Page and ArchiveMedia."""
