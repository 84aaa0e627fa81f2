"""The values that a setting accepts, in words: for error messages and for the reference in ``docs/``."""

import math
from typing import Any, Union, get_args, get_origin

from pydantic.fields import ModelField

from cartrl.settings.schedule import Linear
from cartrl.settings.section import ConvLayer, LayerWidth, Section, annotation_of

NULL = type(None)


def allowed(field: ModelField, model: type) -> str:
    """Say what ``field`` of ``model`` accepts, such as ``a whole number of at least 1, or null``."""
    annotation = annotation_of(model, field.name)
    options = get_args(annotation) if get_origin(annotation) is Union else (annotation,)
    phrases = [_phrase(option, field) for option in options if option is not NULL]
    if NULL in options:
        phrases.append("null")
    return ", or ".join(phrases)


# Of what each list is that is not one of wrappers.
LISTS = {
    LayerWidth: f"a list of whole numbers from {LayerWidth.ge} to {LayerWidth.le}, such as [100] or [64, 64]",
    ConvLayer: "a list of triples of whole numbers, such as [[16, 3, 1]]",
}


def _phrase(annotation: Any, field: ModelField) -> str:
    origin = get_origin(annotation)
    if origin is tuple:
        return LISTS.get(get_args(annotation)[0], "a list of wrappers, such as [{kind: action_repeat, times: 2}]")
    if origin is dict:
        if get_args(annotation)[1] is Any:
            return "a mapping of names to values without infinity or NaN, such as {continuous: true}"
        return "a mapping of names to numbers, such as {gravity: 1.62}"
    if origin is not None:  # Literal
        return " or ".join(repr(choice) for choice in get_args(annotation))
    if annotation is bool:
        return "true or false"
    if annotation is str:
        return "a text" if not field.field_info.min_length else "a text that is not empty"
    if annotation is int or annotation is float:
        return _number(annotation is int, field)
    if annotation is Linear:
        return "a change such as {from: 0.001, to: 0, over: 100000}"
    return "a section of settings"


def _number(whole: bool, field: ModelField) -> str:
    info = field.field_info
    if whole:
        return f"a whole number from {info.ge} to {info.le}"
    bounds: list[str] = []
    if info.gt is not None:
        bounds.append(f"greater than {info.gt:g}")
    if info.ge is not None:
        bounds.append(f"of at least {info.ge:g}")
    if info.le is not None:
        bounds.append(f"at most {info.le:g}")
    if info.lt is not None:
        bounds.append(f"less than {info.lt:g}")
    return f"a number {' and '.join(bounds)}".strip()


def shown(value: Any, limit: int = 60) -> str:
    """Show a value as it may stand in YAML, cut to ``limit`` characters."""
    if value is None:
        text = "null"
    elif isinstance(value, bool):
        text = "true" if value else "false"
    elif isinstance(value, Section):
        return shown(value.dict(by_alias=True), limit)
    elif isinstance(value, dict):
        items = (f"{key if key.isidentifier() else repr(key)}: {shown(item)}" for key, item in value.items())
        text = "{" + ", ".join(items) + "}"
    elif isinstance(value, (list, tuple)):
        text = "[" + ", ".join(shown(item) for item in value) + "]"
    elif isinstance(value, float) and not math.isfinite(value):
        text = f".{value}" if value != -math.inf else "-.inf"
    elif isinstance(value, float):
        mantissa, e, exponent = repr(value).partition("e")  # YAML 1.1 asks for a dot: 1e-05 is a text there
        text = (mantissa if "." in mantissa else f"{mantissa}.0") + e + exponent
    else:
        text = repr(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"
