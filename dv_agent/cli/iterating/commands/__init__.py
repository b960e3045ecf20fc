"""What each command of ``dv-agent iterate`` does with the session, and how it tells the result."""
