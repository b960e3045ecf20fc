"""Each server of the table, through the real SDK: what comes of asking it."""

from __future__ import annotations

import pytest
from model_asking import DIALOGUE, Serve
from server_table import TABLE

from dv_agent.agents.llm.thinking import spoken
from dv_agent.agents.models.chat_model import OutputSchema
from dv_agent.agents.toolbox.arguments import tool_specs
from dv_agent.errors import ExitCode, ModelFailure

OUTPUT = OutputSchema(name="tests", body={"type": "object", "properties": {"tests": {"type": "array"}}})


@pytest.mark.parametrize("name", TABLE)
def test_a_server_as_it_is(serve: Serve, name: str) -> None:
    row = TABLE[name]
    asking = serve(row.replies, **row.settings)
    tools, output = tool_specs() if row.tools else (), OUTPUT if row.schema else None
    if row.text is None:
        with pytest.raises(ModelFailure) as caught:
            asking.model.ask(DIALOGUE, tools, output)
        assert caught.value.exit_code is ExitCode.MODEL
        attempts = caught.value.attempts
        for word in row.said:
            assert word in str(caught.value)
        for word in row.unsaid:
            assert word not in str(caught.value)
    else:
        reply = asking.model.ask(DIALOGUE, tools, output)
        attempts = reply.attempts
        assert spoken(reply.text) == row.text
        assert row.reply(reply), reply
    assert len(asking.server.requests) == row.requests
    assert len(attempts) == row.requests
    if row.attempts:
        assert tuple((one.error, one.status) for one in attempts) == row.attempts


def test_the_table_has_servers_enough() -> None:
    assert len(TABLE) >= 40
    assert len({id(one) for one in TABLE.values()}) == len(TABLE)
