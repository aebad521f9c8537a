"""The door: what a program that uses Lamella imports. Everything heavy is imported by what needs it."""
