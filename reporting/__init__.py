"""What a run came to: report, dataset card, verify, inspect, rules, why, what-if."""
