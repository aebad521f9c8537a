"""What flows: frozen records, their reasons for leaving, their thresholds, their Arrow tables and the format of shards."""
