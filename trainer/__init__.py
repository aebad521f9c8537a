"""Who uses it: training on the shards that the pipeline wrote. It knows the format of shards and the weights, not Beam."""
