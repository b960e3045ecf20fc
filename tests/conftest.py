"""Settings of all tests."""

from hypothesis import settings

# Two cores are shared with a simulator, so a slow example says nothing.
settings.register_profile("dv-agent", deadline=None)
settings.load_profile("dv-agent")
