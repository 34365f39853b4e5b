"""What test mode answers."""

import json
import math

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.mock import MockFault, answer, demanded, embed
from providers.conversation import Message, ResponseFormat, Tool, ToolChoice
from providers.types import ChatCall, EmbedCall, Finished, TextDelta, ToolDelta


def chat(text="Merhaba, nasılsın?", **named):
    messages = named.pop("messages", (Message("user", text),))
    body = {
        "model": "gemini-2.0-flash",
        "messages": [{"role": message.role, "content": message.text} for message in messages],
        **named.pop("body", {}),
    }
    return ChatCall("gemini-2.0-flash", messages, body, **named)


def embedding(*inputs, model="text-embedding-3-small", dimensions=None):
    return EmbedCall(model, inputs, {"model": model, "input": list(inputs)}, dimensions=dimensions)


def test_the_same_request_has_the_same_answer():
    """Whatever else was answered in between, and in whatever order the body's members came."""
    first = answer(chat())
    answer(chat("something else"))
    turned = chat()
    turned = attrs.evolve(turned, body=dict(reversed(turned.body.items())))
    assert answer(chat()) == first
    assert answer(turned) == first


def test_streamed_or_not_the_answer_is_the_same():
    """How it travels does not change what it says."""
    streamed = {"stream": True, "stream_options": {"include_usage": True}}
    assert answer(chat(body=streamed, stream=True)) == answer(chat())


@pytest.mark.parametrize("body", [{"seed": 1}, {"temperature": 0.2}, {"user": "u1"}])
def test_another_request_has_another_answer(body):
    """Every other member of the body counts."""
    assert answer(chat(body=body)).choices != answer(chat()).choices


def test_this_very_answer_is_stable_across_versions_and_machines():
    """Users keep test answers in their own tests: a change here is a breaking change."""
    given_answer = answer(chat())
    assert given_answer.choices[0].text.startswith(
        "Merhaba! “Merhaba, nasılsın?” diye yazdınız; bu bir test yanıtıdır"
    )
    assert given_answer.usage.prompt == 12
    assert given_answer.usage.completion == len(given_answer.choices[0].pieces)


def test_a_turkish_prompt_is_answered_in_turkish_and_others_are_not():
    """The last question decides; without one, the whole conversation."""
    assert "sağlayıcı" in answer(chat("Kısa bir hikaye yaz")).choices[0].text
    assert "provider" in answer(chat("Write a short story")).choices[0].text
    system = (Message("system", "Sen yardımcı bir asistansın."),)
    assert "sağlayıcı" in answer(chat(messages=system)).choices[0].text
    mixed = (*system, Message("user", "Write a short story"))
    assert "provider" in answer(chat(messages=mixed)).choices[0].text


@settings(deadline=None, derandomize=True)
@given(st.text(max_size=60), st.integers(1, 3), st.none() | st.integers(1, 200))
def test_usage_is_consistent(text, n, most):
    """Prompt and completion make the total; no choice is longer than asked for."""
    made = answer(chat(text, n=n, max_tokens=most))
    assert made.usage.total == made.usage.prompt + made.usage.completion
    assert made.usage.completion == sum(len(choice.pieces) for choice in made.choices)
    assert len(made.choices) == n
    for choice in made.choices:
        choice.text.encode()
        assert all(choice.pieces)
        assert most is None or len(choice.pieces) <= most


def test_max_tokens_cuts_and_says_so():
    """The beginning of the same answer, finished for length."""
    whole, cut = answer(chat()), answer(chat(max_tokens=5))
    assert cut.choices[0].pieces == whole.choices[0].pieces[:5]
    assert (cut.choices[0].finish, whole.choices[0].finish) == ("length", "stop")
    exact = answer(chat(max_tokens=len(whole.choices[0].pieces)))
    assert exact.choices[0].finish == "stop"


def test_a_stop_sequence_ends_the_answer_before_it():
    """The earliest of several; it is not part of the answer; an empty one is none."""
    whole = answer(chat()).choices[0].text
    cut = answer(chat(stop=("hiçbir", " diye ", ""))).choices[0]
    assert cut.text == whole[: whole.index(" diye ")]
    assert cut.finish == "stop"
    at_once = answer(chat(stop=("Merhaba",)))
    assert at_once.choices[0].pieces == ()
    assert list(at_once.events()) == [Finished("stop", 0)]


def test_several_choices_differ_and_are_told_side_by_side():
    """Each finishes right after its own last piece."""
    made = answer(chat(n=3))
    assert len({choice.text for choice in made.choices}) == 3
    events = list(made.events())
    assert [event.choice for event in events[:3]] == [0, 1, 2]
    for index, choice in enumerate(made.choices):
        mine = [event for event in events if event.choice == index]
        assert mine[-1] == Finished("stop", index)
        assert tuple(e.text for e in mine if isinstance(e, TextDelta)) == choice.pieces
        assert len(mine) == len(choice.pieces) + 1


@pytest.mark.parametrize(
    "wish", [ResponseFormat(), ResponseFormat({}), ResponseFormat({"$ref": "#/nowhere"})], ids=str
)
def test_a_demand_for_json_is_met(wish):
    """Clients that parse the answer can be tested too; so can those whose schema nothing fits."""
    made = answer(chat(response_format=wish))
    assert "“Merhaba, nasılsın?”" in json.loads(made.choices[0].text)["answer"]
    assert answer(chat()).choices[0].text.startswith("Merhaba")


def test_a_demand_for_a_schema_is_met():
    """The smallest value, in pieces like any text."""
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    made = answer(chat(response_format=ResponseFormat(schema), n=2))
    assert [json.loads(choice.text) for choice in made.choices] == [{"n": 0}, {"n": 0}]
    assert len(made.choices[0].pieces) > 1


SAVE = Tool("save", parameters={"properties": {"ş": {"enum": ["ğ\ud83e"]}}, "required": ["ş"]})
FETCH = Tool("fetch")


@pytest.mark.parametrize(
    ("choice", "called"),
    [
        (ToolChoice("required"), "fetch"),
        (ToolChoice("required", "save"), "save"),
        (ToolChoice("required", allowed=("save",)), "save"),
        (ToolChoice("auto"), None),
        (ToolChoice("none"), None),
        (None, None),
        (ToolChoice("required", "lost"), None),
    ],
    ids=str,
)
def test_a_tool_that_must_be_called_is_called(choice, called):
    """The one that is named, or the first that may be; what need not be called is not."""
    made = answer(chat(tools=(FETCH, SAVE), tool_choice=choice))
    assert made.choices[0].tool == called
    assert made.choices[0].finish == ("tool_calls" if called else "stop")


def test_a_call_is_told_in_pieces_that_make_json():
    """Its id and name come with the first, for every choice its own; half a character harms nobody."""
    made = answer(chat(tools=(SAVE,), tool_choice=ToolChoice("required"), n=2))
    events = [event for event in made.events() if isinstance(event, ToolDelta)]
    assert all(event.text.encode() for event in events)
    for index in (0, 1):
        first, *rest = [event for event in events if event.choice == index]
        assert (first.name, first.index) == ("save", 0)
        assert {(event.name, event.id) for event in rest} == {(None, None)}
        said = "".join(event.text for event in (first, *rest))
        assert json.loads(said) == {"ş": "ğ\ud83e"}
    assert len({event.id for event in events if event.id}) == 2
    assert made.usage.completion == len(events)


@pytest.mark.parametrize("parameters", [None, {}, {"$ref": "#"}], ids=str)
def test_a_call_without_parameters_has_an_object_of_none(parameters):
    """So has one whose schema nothing fits."""
    tools = (Tool("fetch", parameters=parameters),)
    made = answer(chat(tools=tools, tool_choice=ToolChoice("required")))
    assert made.choices[0].text == "{}"


def test_a_call_may_be_cut_too():
    """Then it is finished for length, and its arguments are no JSON."""
    made = answer(chat(tools=(SAVE,), tool_choice=ToolChoice("required"), max_tokens=1))
    assert made.choices[0].finish == "length"
    with pytest.raises(ValueError):
        json.loads(made.choices[0].text)


def test_pacing_is_realistic():
    """A few hundred milliseconds to the first token, some dozens of tokens a second."""
    paces = [answer(chat(f"question {number}")) for number in range(50)]
    assert all(0.1 < made.first < 0.5 for made in paces)
    assert all(0.01 < made.between < 0.04 for made in paces)
    assert len({made.first for made in paces}) > 40


@pytest.mark.parametrize(
    ("model", "asked", "expected"),
    [
        ("text-embedding-004", None, 768),
        ("gemini-embedding-001", None, 3072),
        ("text-embedding-3-large", None, 3072),
        ("text-embedding-3-small", None, 1536),
        ("anything", None, 1536),
        ("gemini-embedding-001", 256, 256),
        ("anything", 1, 1),
    ],
)
def test_embeddings_have_the_length_and_dimensions_asked_for(model, asked, expected):
    """Unit vectors, of the model's own dimensions unless asked otherwise."""
    (vector,) = embed(embedding("Merhaba dünya", model=model, dimensions=asked)).vectors.items
    assert len(vector) == expected
    assert math.sqrt(sum(x * x for x in vector)) == pytest.approx(1.0)


def test_an_embedding_depends_on_model_and_text_only():
    """Not on its neighbours, nor on when it is asked for."""
    first, second = embed(embedding("one", "two")).vectors.items
    assert embed(embedding("two")).vectors.items == (second,)
    assert first != second
    assert embed(embedding("one", model="other")).vectors.items != (first,)
    assert embed(embedding((1, 2, 3))).vectors.items == embed(embedding((1, 2, 3))).vectors.items


def test_fewer_dimensions_are_the_beginning_of_more():
    """As with the real models: cut and brought to unit length."""
    (short,) = embed(embedding("one", dimensions=64)).vectors.items
    (long,) = embed(embedding("one", dimensions=1536)).vectors.items
    scale = math.sqrt(sum(x * x for x in long[:64]))
    assert short == pytest.approx([x / scale for x in long[:64]])


def test_embeddings_count_text_and_token_inputs():
    """Given tokens are counted as given; there is no completion."""
    made = embed(embedding("abcd efgh", (5, 6, 7)))
    assert (made.usage.prompt, made.usage.completion, made.usage.total) == (5, 0, 5)
    assert 0.0 < made.first < 0.2
    assert made.vectors.model == "text-embedding-3-small"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500, 503])
def test_every_error_of_the_contract_can_be_demanded(status):
    """The header's number is the answer's status, with a message that says why."""
    fault = demanded(str(status))
    assert fault.status == status
    assert "as demanded" in fault.message
    assert (fault.retry_after is not None) is (status in {429, 503})


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("slow", MockFault(delay=5.0)),
        ("slow=2s", MockFault(delay=2.0)),
        ("slow=300ms", MockFault(delay=0.3)),
        ("SLOW=1.5", MockFault(delay=1.5)),
        ("slow=2m", MockFault(delay=120.0)),
        ("slow=99m", MockFault(delay=600.0)),
        ("slow=0s", MockFault(delay=0.0)),
        ("cut", MockFault(cut=True)),
        (" slow=1s , cut ", MockFault(delay=1.0, cut=True)),
    ],
)
def test_slowness_and_cuts_can_be_demanded_and_joined(header, expected):
    """Durations as people write them, ten minutes at most."""
    assert demanded(header) == expected


@pytest.mark.parametrize("header", ["", "  ", ","])
def test_no_demand_is_no_fault(header):
    """An empty header asks for nothing."""
    assert demanded(header) is None


def test_a_timeout_can_be_demanded():
    """As if nothing upstream had answered in time."""
    assert demanded("timeout").status == 503


@pytest.mark.parametrize(
    "header", ["402", "teapot", "slow=", "slow=-1s", "slow=1h", "fast=1s", "cut,later", "4" * 99]
)
def test_a_demand_that_is_not_known_is_an_error_that_says_what_is(header):
    """The message is short, names the word and lists the choices."""
    with pytest.raises(ValueError, match="is none of 400, 401") as raised:
        demanded(header)
    assert len(str(raised.value)) < 200
