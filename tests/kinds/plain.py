"""Public functions whose arguments all have derived kinds: those that no other table has."""

import importlib
import pkgutil

import tests.kinds
from tests.kinds.doors import doors
from tests.kinds.rows import row

TABLES = [
    importlib.import_module(f"tests.kinds.{found.name}")
    for found in pkgutil.iter_modules(tests.kinds.__path__)
    if found.name != "plain"
]
IN_TABLES = [row.function for table in TABLES for row in getattr(table, "ROWS", [])]
FUNCTIONS = []
for _, door in doors():
    if door not in IN_TABLES + FUNCTIONS:
        FUNCTIONS.append(door)
ROWS = [row(function) for function in FUNCTIONS]
