"""WHERE it runs: the command line, local processes, and options for Spark, Flink and Dataflow."""
