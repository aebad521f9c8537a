"""Documents and pairs -> deterministic tars, Parquet files for other readers, and their manifests."""
