"""Beam's questions about functions and options while it lays out a pipeline -> remembered answers: each is asked once."""

import functools
import types
import weakref
from collections.abc import Callable
from typing import Any

from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.transforms import core, userstate
from apache_beam.typehints.decorators import IOTypeHints


def remember() -> None:
    """Makes Beam keep what it finds out about functions, DoFns and options. A second call changes nothing.

    Beam 2.77 inspects each method of a DoFn some ten times, translates the annotations of a function whenever it meets it, and
    parses the options anew, with an argument parser of their own, for each transform and each comparison of two types: three
    quarters of what it costs to lay a pipeline out. Of what is left it takes a sixth to read a function's source for each
    transform, to list a view's options for each that is read, and to note who said which type. None of the answers can change:
    a function keeps its source, its arguments and their types, a class its methods, a view its options, and all views of
    options share their values. Who said a type stands in nothing but the long form of a type error.
    """
    _wrap(core, "get_function_args_defaults", _arguments_once)
    _wrap(IOTypeHints, "from_callable", _once_a_function)
    _wrap(userstate, "get_dofn_specs", _once_a_class)
    _wrap(PipelineOptions, "view_as", _once_a_view)
    _wrap(PipelineOptions, "_visible_option_list", _once_an_object)
    _wrap(core, "_check_fn_use_yield_and_return", _once_a_function)
    _wrap(IOTypeHints, "_make_origin", _never)


def _wrap(owner: Any, name: str, wrapper: Callable[[Callable], Callable]) -> None:
    asked = getattr(owner, name)
    if hasattr(asked, "__wrapped__"):
        return
    remembered = functools.wraps(asked)(wrapper(asked))
    setattr(owner, name, staticmethod(remembered) if isinstance(asked, types.MethodType) else remembered)


def _once_a_function(asked: Callable) -> Callable:
    """For `f -> answer`: a bound method and its function differ in `self`."""
    known: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()

    def remembered(f):
        bound = isinstance(f, types.MethodType)
        function = f.__func__ if bound else f
        if not isinstance(function, types.FunctionType):
            return asked(f)
        answers = known.get(function)
        if answers is None:
            answers = known[function] = {}
        if bound not in answers:
            answers[bound] = asked(f)
        return answers[bound]

    return remembered


def _arguments_once(arguments_of: Callable) -> Callable:
    """For `f -> (names, defaults)`: lists of the caller's own."""
    known = _once_a_function(arguments_of)

    def remembered(f):
        names, defaults = known(f)
        return list(names), list(defaults)

    return remembered


def _once_a_class(specs_of: Callable) -> Callable:
    """For `DoFn -> (states, timers)`, which stand in the signatures of its methods; most have those of their class alone."""
    known: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()

    def remembered(dofn):
        kind = type(dofn)
        if any(isinstance(value, types.MethodType) for value in vars(dofn).values()):
            return specs_of(dofn)
        if kind not in known:
            known[kind] = specs_of(dofn)
        states, timers = known[kind]
        return set(states), set(timers)

    return remembered


def _once_an_object(asked: Callable) -> Callable:
    """For `self -> answer`."""
    known: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()

    def remembered(self):
        if self not in known:
            known[self] = asked(self)
        return known[self]

    return remembered


def _never(asked: Callable) -> Callable:
    """For what answers with a list, which is empty from here on."""
    return lambda *_, **__: []


def _once_a_view(view_as: Callable) -> Callable:
    """For `(options, class) -> view`; a view of every option there is may grow, since it lists the classes known by then."""
    known: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()

    def remembered(self, cls):
        if cls is PipelineOptions:
            return view_as(self, cls)
        views = known.get(self)
        if views is None:
            views = known[self] = {}
        if cls not in views:
            views[cls] = view_as(self, cls)
        return views[cls]

    return remembered
