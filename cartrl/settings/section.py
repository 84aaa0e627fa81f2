"""What all sections of a config share: frozen, no unknown keys, and no coercion of types."""

import math
from collections.abc import Mapping
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ConstrainedInt, ConstrainedStr, Extra, Field, PydanticValueError, validator
from pydantic.fields import ModelField

LARGEST_INT = 2**31 - 1  # what an int32 holds: the counters and seeds of TensorFlow


def count(default: Any, description: str) -> Any:
    """Declare a setting that counts something: at least 1."""
    return Field(default, ge=1, le=LARGEST_INT, description=description)


class SentenceError(PydanticValueError):
    """What is wrong with the value of a setting, in a sentence of its own."""

    code = "sentence"
    msg_template = "{sentence}"

    def __init__(self, sentence: str):
        super().__init__(sentence=sentence)


class LayerWidth(ConstrainedInt):
    """The number of units in a layer of a network."""

    ge = 1
    le = 65_536


ConvLayer = tuple[LayerWidth, LayerWidth, LayerWidth]  # filters, width and stride
Convolutions = Union[Literal["nature"], tuple[ConvLayer, ...]]


def convolutions() -> Any:
    """Declare the convolutions with which a network begins, by TF-Agents' name ``conv_layer_params``."""
    return Field(
        (),
        description="Filters, width and stride of each convolution with which a network begins that sees images. "
        "nature stands for those of Mnih et al. (2015), for 84 by 84 pixels: [[32, 8, 4], [64, 4, 2], [64, 3, 1]].",
    )


class ConstantName(ConstrainedStr):
    """What gym calls a physical constant: a name of Python."""

    regex = r"^[A-Za-z_][A-Za-z0-9_]{0,63}$(?!\n)"


class Section(BaseModel):
    """A section of a config.

    pydantic 1 turns 2.5 into the int 2 and ``true`` into 1, and takes NaN for a float; here a value has the
    type that its field declares, or is refused. The one conversion is the whole number given for a float.
    """

    class Config:
        """Frozen, and closed against unknown keys."""

        extra = Extra.forbid
        frozen = True
        smart_union = True  # in a union a value keeps its own type

        @staticmethod
        def schema_extra(schema: dict[str, Any], model: type[BaseModel]) -> None:
            """Allow null where a setting does: pydantic 1 leaves it out."""
            for name, field in model.__fields__.items():
                if type(None) in get_args(annotation_of(model, name)):
                    property = schema["properties"][field.alias]
                    property["type"] = [property["type"], "null"]

    def require_fit(self, sections: Mapping[str, Any]) -> None:
        """Refuse values that do not fit those of the other ``sections`` of the config, all of which are valid.

        Raises:
            ValueError: a sentence that names the settings as ``section.key``.
        """

    @validator("*", pre=True)
    def _no_coercion(cls, value: Any, field: ModelField) -> Any:
        annotation = annotation_of(cls, field.name)
        if not has_type(value, annotation):
            raise TypeError(f"not {annotation}")
        return value


def annotation_of(model: type, name: str) -> Any:
    """Return what the class ``model``, or the nearest one above it, declares the setting ``name`` to be."""
    return next(base.__annotations__[name] for base in model.__mro__ if name in vars(base).get("__annotations__", {}))


def has_type(value: Any, annotation: Any) -> bool:
    """Tell whether ``value``, as YAML gave it, is of a type that a setting may declare."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Union:
        return any(has_type(value, argument) for argument in arguments)
    if origin is tuple:
        return isinstance(value, (list, tuple)) and all(has_type(item, arguments[0]) for item in value)
    if origin is dict:
        of_key, of_item = arguments
        return isinstance(value, dict) and all(has_type(k, of_key) and has_type(v, of_item) for k, v in value.items())
    if annotation is type(None):
        return value is None
    if annotation is bool:
        return isinstance(value, bool)
    if annotation is int or (isinstance(annotation, type) and issubclass(annotation, int)):
        return isinstance(value, int) and not isinstance(value, bool)
    if annotation is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    if annotation is str or (isinstance(annotation, type) and issubclass(annotation, str)):
        return isinstance(value, str)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return isinstance(value, (Mapping, annotation))
    if origin is Literal:
        return isinstance(value, str) and value in arguments
    return True  # Any
