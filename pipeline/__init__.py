"""The story and its accounts: the four jobs, the tables between them, the recipes."""
