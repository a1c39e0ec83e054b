"""How values are kept that read as a text or a number. Every method is called on the base, past any override."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from foretell.payloads.taking import bare
from foretell.payloads.taking.careful import describe

if TYPE_CHECKING:
    from foretell.payloads.taking.careful import CarefulCopy

# Any: a value of the adapter's own type goes in, JSON-like built-ins come out.
Adapter = Callable[["CarefulCopy", Any], Any]

_ZONE_PACKAGES = frozenset({"datetime", "zoneinfo", "pytz", "dateutil"})
_PLAIN_TYPES = (str, int, float, bool, bytes)


def copy_text(copier: CarefulCopy, value: Any) -> Any:
    """Keep a str of a class of its own as plain text."""
    return copier.cut_text(str.__str__(value))


def copy_integer(_: CarefulCopy, value: Any) -> Any:
    """Keep an int of a class of its own as a plain number."""
    return int.__index__(value)


def copy_float(_: CarefulCopy, value: Any) -> Any:
    """Keep a float of a class of its own as a plain number."""
    return float.__pos__(value)


def tell_complex(_: CarefulCopy, value: Any) -> Any:
    """Tell a complex number as text."""
    return complex.__repr__(value)


def copy_bytes(copier: CarefulCopy, value: Any) -> Any:
    """Keep bytes, or a copy of a buffer."""
    if issubclass(type(value), bytes):
        return copier.cut_bytes(bytes.__getitem__(value, slice(None)))
    view = memoryview(value)
    if view.ndim != 1 or not view.c_contiguous:
        return describe(type(value), size=view.nbytes)
    return copier.cut_bytes(view.cast("B")[: copier.text_left + 1].tobytes())


def copy_enum(copier: CarefulCopy, value: Any) -> Any:
    """Keep a member's value."""
    return copier.copy((bare.read_fields(value) or {}).get("_value_"))


def tell_datetime(copier: CarefulCopy, value: Any) -> Any:
    """Tell a moment in ISO format; a zone of the user's own class is left out, since it would run to tell its offset."""
    from datetime import datetime, time

    zone = datetime.tzinfo.__get__(value)
    if zone is not None and bare.read_module(type(zone)).partition(".")[0] not in _ZONE_PACKAGES:
        clock = datetime.time(value)
        value = datetime.combine(datetime.date(value), time(clock.hour, clock.minute, clock.second, clock.microsecond))
    return copier.cut_text(datetime.isoformat(value))


def tell_date(copier: CarefulCopy, value: Any) -> Any:
    """Tell a day in ISO format."""
    from datetime import date

    return copier.cut_text(date.isoformat(value))


def tell_time(copier: CarefulCopy, value: Any) -> Any:
    """Tell a time of day in ISO format, if it has no zone."""
    from datetime import time

    has_zone = time.tzinfo.__get__(value) is not None
    return describe(type(value)) if has_zone else copier.cut_text(time.isoformat(value))


def tell_timedelta(_: CarefulCopy, value: Any) -> Any:
    """Tell a duration in seconds."""
    from datetime import timedelta

    return timedelta.total_seconds(value)


def tell_decimal(copier: CarefulCopy, value: Any) -> Any:
    """Tell a decimal number with all its digits."""
    from decimal import Decimal

    return copier.cut_text(Decimal.__str__(value))


def tell_uuid(_: CarefulCopy, value: Any) -> Any:
    """Tell a UUID in its usual form."""
    digits = f"{bare.read_slot(value, 'int'):032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def tell_path(copier: CarefulCopy, value: Any) -> Any:
    """Tell a path of pathlib's own classes."""
    is_own = bare.read_module(type(value)).partition(".")[0] == "pathlib"
    return copier.cut_text(str(value)) if is_own else describe(type(value))


def tell_scalar(copier: CarefulCopy, value: Any) -> Any:
    """Keep a NumPy number as a plain one."""
    plain = bare.read_attribute(value, "item")()
    is_plain = any(type(plain) is kind for kind in _PLAIN_TYPES)
    return copier.copy(plain) if is_plain else describe(type(value))
