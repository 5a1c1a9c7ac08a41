"""WebAssembly modules from text of LLVM IR, without a linker.

An object file of LLVM is a module already: its instructions hold the numbers that functions, entries of the table and
bytes of data have in the file itself. It imports its memory and its table, and exports nothing: exports are added.

WebAssembly Object File Linking, https://github.com/WebAssembly/tool-conventions/blob/main/Linking.md.
"""

import llvmlite.binding as llvm

TRIPLE, FEATURES = "wasm32-unknown-unknown", "+simd128,+bulk-memory"  # memory is cleared by instructions, not by memset
CUSTOM, EXPORTS, SYMBOLS = 0, 7, 8  # kinds of sections, and of parts of the section `linking`
DATA, UNDEFINED = 1, 16  # a kind of symbols, and a flag


def module(text):
    """The module with the functions of the text, all of which it exports."""
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    machine = llvm.Target.from_triple(TRIPLE).create_target_machine(features=FEATURES, opt=3)
    parsed = llvm.parse_assembly(text)
    parsed.triple = TRIPLE
    return exported(machine.emit_object(parsed))


def exported(file):
    """An object file with an export for each function that it defines, and without its names."""
    parts = list(sections(file))
    names = next(functions(body) for kind, body in parts if kind == CUSTOM and Reader(body).part() == b"linking")
    exports = number(len(names)) + b"".join([counted(name) + b"\0" + number(i) for name, i in names])
    parts = [(kind, body) for kind, body in parts if kind != CUSTOM]
    place = next(i for i, (kind, _) in enumerate(parts) if kind > EXPORTS)  # sections stand in the order of their kinds
    parts.insert(place, (EXPORTS, exports))
    return file[:8] + b"".join([bytes([kind]) + counted(body) for kind, body in parts])


def sections(file):
    """Each section's kind and bytes, behind the head of the file."""
    reader = Reader(file, 8)
    while reader.at < len(file):
        yield reader.number(), reader.part()


def functions(linking):
    """The functions in the table of symbols, with their numbers."""
    reader = Reader(linking)
    reader.part()
    assert reader.number() == 2  # the version
    while reader.number() != SYMBOLS:
        reader.part()
    reader.number()  # of bytes
    found = []
    for _ in range(reader.number()):
        kind, flags = reader.number(), reader.number()
        if kind == DATA:
            reader.part()
            _ = [reader.number() for _ in range(3)]
        else:
            i, is_import = reader.number(), flags & UNDEFINED  # which has its name elsewhere
            found += [] if is_import else [(reader.part(), i)]
    return found


class Reader:
    """Numbers and parts of bytes, one after another."""

    def __init__(self, given, at=0):
        self.given, self.at = given, at

    def number(self):
        """A whole number in LEB128."""
        value = shift = 0
        while True:
            byte = self.given[self.at]
            value, shift, self.at = value | (byte & 127) << shift, shift + 7, self.at + 1
            if byte < 128:
                return value

    def part(self):
        """As many bytes as the number before them says."""
        size = self.number()
        self.at += size
        return self.given[self.at - size : self.at]


def number(value):
    """A whole number in LEB128."""
    parts = []
    while value >= 128:
        parts.append(value & 127 | 128)
        value >>= 7
    return bytes([*parts, value])


def counted(part):
    """Bytes behind their number."""
    return number(len(part)) + part
