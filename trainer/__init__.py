"""WHO eats it: training on the shards that the pipeline wrote. Knows the shard contract and the weights, not Beam."""
