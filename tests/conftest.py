"""Settings of all tests."""

from hypothesis import settings
from prerequisites import chromium, pytest_make_collect_report, pytest_runtest_makereport

__all__ = ["chromium", "pytest_make_collect_report", "pytest_runtest_makereport"]

# Two cores are shared with a simulator, so a slow example says nothing.
settings.register_profile("dv-agent", deadline=None)
settings.load_profile("dv-agent")
