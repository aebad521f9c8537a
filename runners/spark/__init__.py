"""Beam pipelines in; the same, run on Spark through PySpark alone, out. Nothing of Beam's Java is needed."""
