"""What a run came to: audit, report, dataset card, verify, inspect, rules, why."""
