"""How pynamodb makes models of items and items of models, with the same result in a fraction of the time.

A third of what a simulation does would be done there: pynamodb looks up each attribute's name, default and place anew
for each item. Whatever is not as plain as our models are (other kinds of attributes, other names, wrong types) is left
to pynamodb, whose word also counts where something is to be refused.
"""

import json
from collections import deque
from collections.abc import Callable, Mapping
from functools import cache
from inspect import getattr_static
from typing import Any, NamedTuple

from pynamodb.attributes import (
    Attribute,
    AttributeContainer,
    BooleanAttribute,
    DiscriminatorAttribute,
    NumberAttribute,
    UnicodeAttribute,
)
from pynamodb.models import Model

from tests.simulation.item_collections import NOTHING, Answered, Row
from tests.simulation.world.quick_json import loads

type _Values = dict[str, dict[str, Any]]
"""An item in DynamoDB's JSON."""

_INIT = Model.__init__
_INSTANTIATE = AttributeContainer.__dict__["_instantiate"]
_DESERIALIZE = AttributeContainer._container_deserialize
_SERIALIZE = AttributeContainer._container_serialize
_CONNECTION = Model.__dict__["_get_connection"]
_MOST_KEPT = 5_000
_KEPT: deque[Row] = deque()
"""The rows that were read lately: enough for those that are read again, and no more for ten thousand clips."""
_SMALL = {str(number): number for number in range(1_000)}


def number_of(_self: NumberAttribute, text: str) -> Any:
    """In place of `NumberAttribute.deserialize`."""
    found = _SMALL.get(text)
    if found is not None:
        return found
    return int(text) if text.isdigit() and text.isascii() and text[0] != "0" else loads(text)


def text_of(_self: NumberAttribute, value: Any) -> str:
    """In place of `NumberAttribute.serialize`."""
    return str(value) if type(value) is int else json.dumps(value)


def get(self: Attribute[Any], instance: Any, owner: Any) -> Any:
    """In place of `Attribute.__get__`."""
    if instance is None:
        return self
    if isinstance(instance, Model) and not instance._dynamo_to_python_attrs:  # type: ignore[attr-defined]
        return instance.attribute_values.get(self.attr_path[-1])
    return _GET(self, instance, owner)


def put(self: Attribute[Any], instance: Any, value: Any) -> None:
    """In place of `Attribute.__set__`."""
    if isinstance(instance, Model) and not instance._dynamo_to_python_attrs:  # type: ignore[attr-defined]
        instance.attribute_values[self.attr_path[-1]] = value
    else:
        _SET(self, instance, value)


_GET, _SET = Attribute.__get__, Attribute.__set__


type _Reader = tuple[str, str, Callable[[Any], Any] | None]
"""How an attribute is read: its name, the type that it must have, and what is done to the value."""


class _Plain(NamedTuple):
    """What has to be known of a class whose attributes are all text, numbers, booleans, or tell the class."""

    existing: Mapping[str, Any]
    """The values that a model of an item begins with."""
    new: Mapping[str, Any]
    """The values that a new model begins with."""
    readers: Mapping[str, _Reader]
    shapes: dict[tuple[str, ...], tuple[_Reader, ...] | None]
    """The readers of items that were met, by what they have: most are of a few kinds."""
    writers: tuple[tuple[str, str, Callable[[Any], Any] | None, bool], ...]
    """Name, type, what is done to the value, and whether the attribute may be missing."""
    discriminator: str | None
    told: Mapping[str, str] | None
    """What an item says of its class, in DynamoDB's JSON; None if it says nothing."""


@cache
def _plain(model: type[AttributeContainer]) -> _Plain | None:
    attributes = model.get_attributes()
    kinds = {UnicodeAttribute, NumberAttribute, BooleanAttribute, DiscriminatorAttribute}
    if not issubclass(model, Model) or model.__init__ not in (_INIT, init) or model._dynamo_to_python_attrs:  # type: ignore[attr-defined]
        return None
    if any(type(each) not in kinds or callable(each.default or each.default_for_new) for each in attributes.values()):
        return None
    discriminator = model._get_discriminator_attribute()
    tells = None if discriminator is None else discriminator.get_discriminator(model)
    existing: dict[str, Any] = {} if tells is None else {model._discriminator: model}  # type: ignore[attr-defined]
    new = dict(existing)
    readers: dict[str, _Reader] = {}
    writers = []
    for name, attribute in attributes.items():
        if attribute.default is not None:
            existing[name] = attribute.default
        at_first = attribute.default if attribute.default_for_new is None else attribute.default_for_new
        if at_first is not None:
            new[name] = at_first
        is_plain = type(attribute) is UnicodeAttribute
        readers[name] = (name, attribute.attr_type, None if is_plain else attribute.deserialize)
        writers.append((name, attribute.attr_type, None if is_plain else attribute.serialize, attribute.null))
    return _Plain(
        existing,
        new,
        readers,
        {},
        tuple(writers),
        None if discriminator is None else discriminator.attr_name,
        None if tells is None else {"S": tells},
    )


def init(
    self: Model, hash_key: Any = None, range_key: Any = None, _user_instantiated: bool = True, **attributes: Any
) -> None:
    """In place of `Model.__init__`."""
    plain = _plain(type(self))
    if (
        plain is None
        or not (hash_key is range_key is None)
        or plain.discriminator in attributes
        or not attributes.keys() <= self.get_attributes().keys()
    ):
        _INIT(self, hash_key, range_key, _user_instantiated, **attributes)
        return
    self.attribute_values = {**(plain.new if _user_instantiated else plain.existing), **attributes}


def deserialize(self: AttributeContainer, attribute_values: _Values) -> None:
    """In place of `AttributeContainer._container_deserialize`. A row that was read before is not read again."""
    model = type(self)
    plain = _plain(model)
    row = attribute_values.row if type(attribute_values) is Answered else None
    if row is not None and model in row.kept:
        self.attribute_values = row.kept[model].copy()
        return
    if plain is None or (
        plain.discriminator is not None and attribute_values.get(plain.discriminator, plain.told) != plain.told
    ):
        _DESERIALIZE(self, attribute_values)
        return
    names = tuple(attribute_values)
    shape = plain.shapes[names] if names in plain.shapes else _shape(plain, names)
    if shape is None:
        _DESERIALIZE(self, attribute_values)
        return
    try:
        own = {
            name: value[kind] if read is None else read(value[kind])
            for (name, kind, read), value in zip(shape, attribute_values.values(), strict=True)
        }
    except KeyError:  # a null, or another type than the attribute has
        _DESERIALIZE(self, attribute_values)
        return
    self.attribute_values = {**plain.existing, **own}
    if row is not None:
        if len(_KEPT) >= _MOST_KEPT:
            _KEPT.popleft().kept = NOTHING
        _KEPT.append(row)
        row.kept = {**row.kept, model: self.attribute_values.copy()}


def _shape(plain: _Plain, names: tuple[str, ...]) -> tuple[_Reader, ...] | None:
    """How an item is read that has these attributes in this order; None if the model does not know one of them."""
    found = tuple(plain.readers[name] for name in names) if plain.readers.keys() >= set(names) else None
    plain.shapes[names] = found
    return found


@cache
def _class_of(model: type[AttributeContainer], kind: str) -> type[AttributeContainer] | None:
    """The class that an item tells of, if it may be made for whoever asks for `model`."""
    discriminator = model._get_discriminator_attribute()
    stored = None if discriminator is None else discriminator._discriminator_map.get(kind)
    return stored if stored is not None and issubclass(stored, model) and _plain(stored) is not None else None


def instantiate(cls: type[AttributeContainer], attribute_values: _Values) -> Any:
    """In place of `AttributeContainer._instantiate`."""
    plain = _plain(cls)
    if plain is None:
        return _INSTANTIATE.__func__(cls, attribute_values)
    stored: type[AttributeContainer] | None = cls
    if plain.discriminator is not None:
        told = attribute_values.get(plain.discriminator)
        stored = None if not told or "S" not in told else _class_of(cls, told["S"])
    if stored is None:
        return _INSTANTIATE.__func__(cls, attribute_values)
    instance = stored.__new__(stored)
    deserialize(instance, attribute_values)
    return instance


def serialize(self: AttributeContainer, null_check: bool = True) -> _Values:
    """In place of `AttributeContainer._container_serialize`."""
    plain = _plain(type(self))
    if plain is None:
        return _SERIALIZE(self, null_check)
    found: _Values = {}
    own = self.attribute_values
    for name, kind, write, may_be_missing in plain.writers:
        value = own.get(name)
        if value is not None:
            found[name] = {kind: value if write is None else write(value)}
        elif null_check and not may_be_missing:
            return _SERIALIZE(self, null_check)
    return found


def connection(cls: type[Model]) -> Any:
    """In place of `Model._get_connection`."""
    made = cls._connection
    return made if made is not None and made.table_name == cls.Meta.table_name else _CONNECTION.__func__(cls)


REPLACED: tuple[tuple[Any, str, Any], ...] = (
    (NumberAttribute, "deserialize", number_of),
    (NumberAttribute, "serialize", text_of),
    (Attribute, "__get__", get),
    (Attribute, "__set__", put),
    (Model, "__init__", init),
    (Model, "_get_connection", classmethod(connection)),
    (AttributeContainer, "_container_deserialize", deserialize),
    (AttributeContainer, "_container_serialize", serialize),
    (AttributeContainer, "_instantiate", classmethod(instantiate)),
)
"""Owner, name, and what stands there."""
ORIGINALS = tuple((owner, name, getattr_static(owner, name)) for owner, name, _ in REPLACED)
"""What stood there before."""
