"""WebAssembly modules from text of LLVM IR, without a linker.

An object file of LLVM is a module already: numbers of functions, of entries of the table and of bytes of data are those
of the file itself. It imports its memory and its table, and it exports nothing, so a section of exports is added.

WebAssembly Object File Linking, https://github.com/WebAssembly/tool-conventions/blob/main/Linking.md.
"""

import llvmlite.binding as llvm

TRIPLE, FEATURES = "wasm32-unknown-unknown", "+simd128,+bulk-memory"  # else zeros are written by an imported memset
IMPORTS, EXPORTS, SYMBOLS = 2, 7, 8  # sections that follow the imports have larger numbers; symbols are in `linking`
DATA, UNDEFINED = 1, 16


def module(text: str) -> bytes:
    """The module with the functions of the text, all of which it exports."""
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    machine = llvm.Target.from_triple(TRIPLE).create_target_machine(features=FEATURES, opt=3)
    parsed = llvm.parse_assembly(text)
    parsed.triple = TRIPLE
    return exported(machine.emit_object(parsed))


def exported(file: bytes) -> bytes:
    """An object file with an export for each function that it defines."""
    parts = list(sections(file))
    names = next(named(body) for kind, body in parts if kind == 0 and Reader(body).name() == b"linking")
    exports = number(len(names)) + b"".join([string(name) + b"\0" + number(i) for name, i in names])
    place = next(i for i, (kind, _) in enumerate(parts) if kind > EXPORTS)
    parts = [*parts[:place], (EXPORTS, exports), *[part for part in parts[place:] if part[0]]]
    return file[:8] + b"".join([bytes([kind]) + number(len(body)) + body for kind, body in parts])


def sections(file: bytes):
    """Each section's kind and bytes."""
    reader = Reader(file, 8)
    while reader.at < len(file):
        kind = reader.number()
        yield kind, reader.bytes()


def named(linking: bytes):
    """The functions in the table of symbols, with their numbers."""
    reader = Reader(linking)
    reader.name()
    assert reader.number() == 2  # the version
    while reader.number() != SYMBOLS:
        reader.bytes()
    reader.number()
    found = []
    for _ in range(reader.number()):
        kind, flags = reader.number(), reader.number()
        if kind == DATA:
            reader.name()
            _ = [reader.number() for _ in range(3)]
        else:
            i, has_name = reader.number(), not flags & UNDEFINED  # an import has the name that it has there
            found += [(reader.name(), i)] if has_name else []
    return found


class Reader:
    """What stands in bytes, one part after another."""

    def __init__(self, file: bytes, at: int = 0) -> None:
        self.file, self.at = file, at

    def number(self) -> int:
        """A whole number in LEB128."""
        value = shift = 0
        while True:
            byte = self.file[self.at]
            value, shift, self.at = value | (byte & 127) << shift, shift + 7, self.at + 1
            if byte < 128:
                return value

    def bytes(self) -> bytes:
        """So many bytes as the number before them says."""
        size = self.number()
        self.at += size
        return self.file[self.at - size : self.at]

    name = bytes


def number(value: int) -> bytes:
    """A whole number in LEB128."""
    parts = []
    while value >= 128:
        parts.append(value & 127 | 128)
        value >>= 7
    return bytes([*parts, value])


def string(name: bytes) -> bytes:
    """Bytes after their number."""
    return number(len(name)) + name
