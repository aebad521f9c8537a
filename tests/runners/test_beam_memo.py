"""What Beam is told from memory is what it would have found out by itself."""

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import PipelineOptions, TypeOptions
from apache_beam.transforms import core, userstate
from apache_beam.transforms.userstate import CombiningValueStateSpec
from apache_beam.typehints.decorators import IOTypeHints

from lamella.runners.beam_memo import remember


class Plain(beam.DoFn):
    def process(self, element, factor=2):
        yield element * factor


class Stateful(beam.DoFn):
    TOTAL = CombiningValueStateSpec("total", combine_fn=sum)

    def process(self, element, total=beam.DoFn.StateParam(TOTAL)):
        total.add(element)


class Typed:
    def method(self, element: int) -> list[str]:
        return [str(element)]


def plain(element):
    yield element


def typed(element: int, *rest: float) -> list[tuple[str, int]]:
    return [(str(rest), element)]


FORMS = ["a function of a class", "a bound method", "a function", "a built-in", "a method of C"]


def of_callable(function):
    """The DoFn that Beam makes of a function."""
    return beam.FlatMap(function).fn


@pytest.fixture(autouse=True)
def memory():
    remember()


def test_a_second_call_wraps_nothing():
    wrapped = core.get_function_args_defaults
    remember()
    assert core.get_function_args_defaults is wrapped
    assert not hasattr(wrapped.__wrapped__, "__wrapped__")


@pytest.mark.parametrize("function", [Plain.process, Plain().process, plain, len, str.upper], ids=FORMS)
def test_a_functions_arguments_are_those_that_beam_finds(function):
    found = core.get_function_args_defaults.__wrapped__(function)
    assert core.get_function_args_defaults(function) == core.get_function_args_defaults(function) == found


def test_what_is_remembered_cannot_be_changed_by_who_asks():
    core.get_function_args_defaults(Plain.process)[0].clear()
    assert core.get_function_args_defaults(Plain.process)[0] == ["self", "element", "factor"]


@pytest.mark.parametrize(
    ("dofn", "states"),
    [(Plain(), 0), (Stateful(), 1), (of_callable(plain), 0), (of_callable(Stateful().process), 1), (of_callable(list), 0)],
    ids=["plain", "stateful", "a callable", "a stateful callable", "a built-in callable"],
)
def test_a_dofns_states_are_those_that_beam_finds(dofn, states):
    found = userstate.get_dofn_specs.__wrapped__(dofn)
    assert userstate.get_dofn_specs(dofn) == userstate.get_dofn_specs(dofn) == found
    assert len(found[0]) == states


@pytest.mark.parametrize("function", [typed, Typed.method, Typed().method, plain, len], ids=FORMS)
def test_a_functions_types_are_those_that_beam_finds(function):
    found = IOTypeHints.from_callable.__wrapped__(function)
    assert IOTypeHints.from_callable(function) == IOTypeHints.from_callable(function) == found
    assert (found is None) == (function in (plain, len))


def both(element):
    if element:
        return [element]
    yield element


@pytest.mark.parametrize("function", [Plain.process, Plain().process, plain, both, len], ids=[*FORMS[:3], "both", *FORMS[3:4]])
def test_whether_a_function_yields_and_returns_is_what_beam_finds(function):
    found = core._check_fn_use_yield_and_return.__wrapped__(function)
    assert core._check_fn_use_yield_and_return(function) == core._check_fn_use_yield_and_return(function) == found
    assert found == (function is both)


def test_a_views_options_are_those_that_beam_lists():
    listed = PipelineOptions._visible_option_list
    for view in (PipelineOptions(["--streaming"]), PipelineOptions([]).view_as(TypeOptions)):
        assert listed(view) == listed(view) == listed.__wrapped__(view)
    types = listed(PipelineOptions([]).view_as(TypeOptions))
    assert "pipeline_type_check" in types and "streaming" not in types


def test_a_wrong_type_is_an_error_all_the_same():
    with pytest.raises(beam.typehints.TypeCheckError, match="requires"), beam.Pipeline() as pipeline:
        pipeline | beam.Create(["a"]) | beam.Map(lambda number: number).with_input_types(int)


def test_views_share_their_values_and_other_options_have_views_of_their_own():
    options, others = PipelineOptions(["--no_pipeline_type_check"]), PipelineOptions([])
    assert options.view_as(TypeOptions) is options.view_as(TypeOptions)
    assert not options.view_as(TypeOptions).pipeline_type_check and others.view_as(TypeOptions).pipeline_type_check
    others.view_as(TypeOptions).pipeline_type_check = False
    assert not PipelineOptions.view_as.__wrapped__(others, TypeOptions).pipeline_type_check
    assert options.view_as(PipelineOptions) is not options
