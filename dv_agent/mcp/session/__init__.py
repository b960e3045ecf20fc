"""The session of a client: its run, its calls, and what it is told."""
