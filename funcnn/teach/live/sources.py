"""The equations of the rules of a page, and the meanings of their symbols."""

from __future__ import annotations

from typing import Any

from funcnn.core import Loss
from funcnn.inspection.tracing import Trace
from funcnn.recording.recorder import name_of_loss
from funcnn.teach.equations import equations, first_line
from funcnn.teach.symbols import symbols_of, without_arguments

SGD = "p after = p - lr dp, for each parameter p"


def sources_of(seen: Trace, loss: Loss, optimizer: Any) -> dict[str, list[str]]:
    """The equations of each rule by its phase and class, those of the optimizer by the phase alone."""
    found = {f"loss {name_of_loss(loss)}": first_line(without_arguments(loss)), "sgd": [SGD]}
    for part in optimizer if type(optimizer) is tuple else (optimizer,):
        found["update"] = [*found.get("update", []), *first_line(type(part))]
    for visit in seen.visits:
        for phase in ("forward", "backward"):
            cls = type(visit.layer)
            found.setdefault(f"{phase} {cls.__name__}", equations(phase, cls))
    return found


def symbols_of_rules(seen: Trace, loss: Loss) -> dict[str, list[tuple[str, str]]]:
    """The symbols in these equations with their meanings, by phase and class.

    They have the values of settings; a layer whose settings differ from those of the first one of its class has symbols
    of its own, by phase, path and class.
    """
    name, lines = name_of_loss(loss), first_line(without_arguments(loss))
    found = {f"loss {name}": symbols_of(lines, loss, []), "sgd": [("lr", "the learning rate"), ("dp", "∂cost / ∂p")]}
    for visit in seen.visits:
        for phase in ("forward", "backward"):
            cls = type(visit.layer)
            own = symbols_of(equations(phase, cls), visit.layer, [])
            if found.setdefault(f"{phase} {cls.__name__}", own) != own:
                found[f"{phase} {visit.path} {cls.__name__}"] = own
    return found
