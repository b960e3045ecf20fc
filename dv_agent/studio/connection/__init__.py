"""Who may connect to the studio, and how."""
