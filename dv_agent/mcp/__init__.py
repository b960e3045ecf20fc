"""A server of the Model Context Protocol: any coding agent becomes the agent that verifies."""
