"""The commands inside ``dv-agent iterate``."""
