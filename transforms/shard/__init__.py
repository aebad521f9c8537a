"""Shard: documents and pairs in; deterministic tars, Parquet files for other readers, and their manifests out."""
