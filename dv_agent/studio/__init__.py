"""The web face: a local page for people who write prompts and look into runs."""
