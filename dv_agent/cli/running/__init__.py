"""The commands that play tests on one design."""
