"""The commands about designs themselves."""
