"""What the pages show, as frozen data."""
