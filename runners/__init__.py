"""Where it runs: the command line, local processes, Spark, Prism, Flink and Dataflow."""
