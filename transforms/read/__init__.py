"""Web archives -> Page and ArchiveMedia."""
