"""Beam pipelines -> the same, run on Spark by PySpark alone, without Beam's Java."""
