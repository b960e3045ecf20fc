"""Calls of tools on their way to a vendor and back, and dialogues cut to a context."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.messages import AIMessage
from loopback import LoopbackServer
from tool_script import body_of

from dv_agent.agents.models.chat_model import Message, ModelSettings, Reply, ToolCall
from dv_agent.agents.models.langchain_messages import calls_of, native_of, to_langchain, wire_name
from dv_agent.agents.models.langchain_model import LangChainModel
from dv_agent.agents.models.server.openai_body import NO_OBJECT
from dv_agent.agents.toolbox.arguments import ListHoles, RunTests, tool_specs
from dv_agent.agents.toolbox.call_parser import read_arguments
from dv_agent.agents.toolbox.text import ToolError
from dv_agent.agents.tools.context_window import fit, tokens_of
from dv_agent.agents.tools.model_bridge import from_langchain, to_answer
from dv_agent.errors import UsageError


def ask(*calls: tuple[str, object], **more: object) -> tuple[Reply, dict[str, object]]:
    """The reply that a server's calls become, and what is sent back of it."""
    body = body_of(calls, **more)  # type: ignore[arg-type]
    with LoopbackServer([lambda handler, _: handler.send_json(200, body)]) as server:
        model = LangChainModel(ModelSettings(model="openai:any", base_url=server.url, retry_seconds=0))
        first = Message(role="user", content="go")
        reply = model.ask([first], tool_specs())
        said = Message(role="assistant", content=reply.text, tool_calls=reply.tool_calls, native=reply.native)
        results = [Message(role="tool", content="ok", tool_call_id=one.id) for one in reply.tool_calls]
        model.ask([first, said, *results], tool_specs())
        return reply, server.requests[1].body["messages"]


def test_broken_calls_are_kept_and_go_back_as_valid_ones() -> None:
    reply, sent = ask(("list holes!", '{"tier": '), ("", "null"), ("x" * 300, '{"a": 1}'), text="so")
    assert [one.arguments for one in reply.tool_calls if one.name.startswith("x")] == ['{"a": 1}']
    assert {one.name[:11] for one in reply.tool_calls} == {"list holes!", "", "x" * 11}
    assert [one["role"] for one in sent] == ["user", "assistant", "tool", "tool", "tool"]  # type: ignore[index]
    back = sent[1]["tool_calls"]  # type: ignore[index]
    assert {one["function"]["name"] for one in back} == {"list_holes_", "unknown", "x" * 64}
    assert all(isinstance(json.loads(one["function"]["arguments"]), dict) for one in back)
    assert {one["id"] for one in back} == {one.id for one in reply.tool_calls}


@pytest.mark.parametrize("arguments", ["[1]", '"text"', "7", "true"])
def test_arguments_that_are_no_object_are_a_call_that_can_be_answered(arguments: str) -> None:
    reply, sent = ask(("list_holes", {}), ("read_rtl", arguments))
    assert [(one.name, one.arguments) for one in reply.tool_calls] == [
        ("list_holes", "{}"), ("read_rtl", f"{NO_OBJECT}{arguments}"),
    ]  # fmt: skip
    assert reply.attempts[0].counted_by == "server"
    assert sent[1]["tool_calls"][1]["function"] == {"name": "read_rtl", "arguments": "{}"}  # type: ignore[index]


def test_a_key_given_twice_is_told_and_not_dropped_by_the_client() -> None:
    twice, inside = '{"tests": [{}], "tests": []}', '{"tests": [{"tracks": {}, "tracks": {}}]}'
    reply, _ = ask(("run_tests", twice), ("run_tests", inside), ("list_holes", '{"tier": "hard", "tier": "easy"}'))
    first, second, third = (one.arguments for one in reply.tool_calls)
    for model, arguments, where in ((RunTests, first, "tests"), (ListHoles, third, "tier")):
        with pytest.raises(ToolError, match=f"^{where}: this key is given twice"):
            read_arguments(model, arguments)
    (test,) = read_arguments(RunTests, second).tests
    assert "given twice" in test["tracks"].reason


def test_tools_are_offered_and_tokens_of_calls_are_counted_where_the_server_counts_none() -> None:
    body = body_of([("read_rtl", {"name": "y" * 4_000})])
    del body["usage"]
    with LoopbackServer([lambda handler, _: handler.send_json(200, body)]) as server:
        model = LangChainModel(ModelSettings(model="openai:any", base_url=server.url, retry_seconds=0))
        (attempt,) = model.ask([Message(role="user", content="go")], tool_specs()).attempts
        assert [one["function"]["name"] for one in server.requests[0].body["tools"]] == [
            one.name for one in tool_specs()
        ]
    assert attempt.counted_by == "estimate"
    assert attempt.output_tokens > 1_000
    assert attempt.input_tokens > 1_000  # the tools themselves


def test_what_cannot_be_written_as_utf8_or_parsed_does_no_harm() -> None:
    answer = AIMessage(
        content="", tool_calls=[{"name": "a\ud800", "args": {"k": "\udfff"}, "id": "\ud800", "type": "tool_call"}]
    )
    (one,) = calls_of(answer)
    assert "".join((one.id, one.name, one.arguments)).encode()
    assert wire_name("../../etc passwd") == "______etc_passwd"


def test_what_a_vendor_wants_back_goes_back_as_it_came() -> None:
    content = [{"type": "thinking", "thinking": "hm", "signature": "abc"}, {"type": "text", "text": "so"}]
    answer = AIMessage(content=content, additional_kwargs={"signed": {"x": "y"}, "refusal": None})
    native = native_of(answer)
    message = Message(role="assistant", content="so", native=native)
    again = to_langchain(message)
    assert (again.content, again.additional_kwargs) == (content, {"signed": {"x": "y"}})
    assert from_langchain(to_answer(Reply(text="so", native=native))) == message
    assert native_of(AIMessage(content="plain")) == ""
    assert native_of(AIMessage(content="plain", additional_kwargs={"odd": object()})) == ""


WORDS = st.integers(0, 4_000).map(lambda size: "word " * (size // 5))


@st.composite
def dialogues(draw: st.DrawFn) -> list[Message]:
    messages = [Message(role="system", content="s" * 400), Message(role="user", content="u" * 400)]
    for turn in range(draw(st.integers(0, 40))):
        calls = [ToolCall(id=f"{turn}.{n}", name="t", arguments="{}") for n in range(draw(st.integers(0, 3)))]
        messages.append(Message(role="assistant", content=draw(WORDS), tool_calls=tuple(calls)))
        messages += [Message(role="tool", content=draw(WORDS), tool_call_id=one.id) for one in calls]
        if not calls:
            messages.append(Message(role="user", content="go on"))
    return messages


@settings(max_examples=60)
@given(messages=dialogues(), limit=st.integers(300, 8_000))
def test_a_dialogue_is_cut_without_leaving_a_call_alone(messages: list[Message], limit: int) -> None:
    try:
        kept = fit(messages, limit)
    except UsageError:
        last = max(place for place, one in enumerate(messages) if one.role == "assistant" or place == 1)
        assert tokens_of([*messages[:2], *messages[last:]]) > limit
        return
    assert tokens_of(kept) <= limit
    assert kept[:2] == tuple(messages[:2])
    assert kept[-1] == messages[-1]
    called = [one.id for message in kept for one in message.tool_calls]
    assert [one.tool_call_id for one in kept if one.role == "tool"] == called
    if tokens_of(messages) <= limit:
        assert kept == tuple(messages)


def test_a_context_that_is_too_small_says_what_to_do() -> None:
    with pytest.raises(UsageError, match="raise --context-tokens"):
        fit([Message(role="system", content="x" * 9_000)], 1_000)


def test_a_last_message_that_is_too_long_is_cut_so_that_no_reply_can_end_a_run() -> None:
    call = ToolCall(id="a", name="read_rtl", arguments=json.dumps({"name": "x" * 300_000}))
    said = Message(role="assistant", content="y" * 300_000, tool_calls=(call,), native='{"content": "z"}')
    result = Message(role="tool", content="ERROR: too long", tool_call_id="a")
    (head, cut, answer) = fit([Message(role="user", content="go"), said, result], 2_000)
    assert tokens_of([head, cut, answer]) <= 2_000
    assert (head.content, answer, cut.tool_calls[0].id, cut.native) == ("go", result, "a", "")
    assert json.loads(cut.tool_calls[0].arguments)["left_out"].startswith("300012 characters")
