"""The goal of all runs here is the automatic plan alone: code coverage has tests of its own."""

import pytest


@pytest.fixture(autouse=True)
def functional(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DV_AGENT_GOAL", "functional")
