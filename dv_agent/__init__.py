"""dv-agent: agents that close coverage and find bugs in hardware accelerators."""

__version__ = "0.1.0"
