"""Forms and pages: one file a group of addresses."""
