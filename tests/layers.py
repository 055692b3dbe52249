# tests/layers.py -- who may include whom: the layers of the tree, and the circles in it.
"""A layer is a folder (core/state, io/net, fuzz) or the files beside its folders (core, io, cli).
tests/tidy.py calls faults(); docs/ARCHITECTURE.md says what each layer is for.

EXCEPTIONS and CIRCLES are what still runs against the layers. They may only shrink: an entry that
nothing needs any more is a fault, too.
"""
import collections
import re

# A layer: the layers it may include, besides itself.
FORMATS = ("core/base", "core/format")
LAYERS = {
    "core/base": (),
    "core/format": ("core/base",),
    "core/state": FORMATS,
    "core/decide": FORMATS + ("core/state",),
    "core/commit": FORMATS + ("core/state",),
    "core/query": FORMATS + ("core/state", "core/decide"),
    # core/core.h: what the shell sees of the state
    "core": FORMATS + ("core/state", "core/decide", "core/commit", "core/query"),
    "io/os": ("core/base",),
    "io/log": FORMATS + ("io/os",),
    "io/engine": FORMATS + ("core", "io/os", "io/log"),
    "io/net": FORMATS + ("core", "io/os", "io/engine"),
    "io/gongjid": FORMATS + ("core", "io/os", "io/log", "io/engine", "io/net"),
    "clients/c": FORMATS,
    "cli/common": FORMATS + ("clients/c",),
    "cli/model": FORMATS,  # a second opinion of the rules: nothing of core/ but the formats
    "cli/scenario": FORMATS + ("clients/c", "cli/common", "io/engine"),
    "cli/explore": FORMATS + ("clients/c", "cli/common", "cli/model", "cli/scenario", "bench",
                              "io/engine"),
    "cli/commands": FORMATS + ("clients/c", "cli/common", "cli/scenario", "cli/explore", "bench",
                               "io/log"),
    "cli": FORMATS + ("cli/common",),
    "bench": FORMATS + ("core", "clients/c"),
}
# These look at everything.
EVERYTHING = ("fuzz", "tests")

# A layer and the file it includes though it must not.
EXCEPTIONS = {
    ("io/engine", "core/state/layout.h"),
}
# The layers among whose files there is a circle of more than two.
CIRCLES = set()
CIRCLE_MAX = 2

INCLUDE = re.compile(r'\s*#\s*include\s*"([^"]+)"')


def layer_of(path):
    """core/state/tables.h is of core/state, core/core.h of core, tests/log/test_log.c of tests."""
    folders = path.split("/")[:-1]
    return folders[0] if folders[0] in EVERYTHING + ("bench",) else "/".join(folders[:2])


def includes_of(files):
    """[(path, line, included path)] of {path: text}."""
    found = []
    for path, text in sorted(files.items()):
        for number, line in enumerate(text.split("\n"), 1):
            match = INCLUDE.match(line)
            if match:
                found.append((path, number, match.group(1)))
    return found


def directions(includes, exceptions):
    """(path, line, text) of every include against the layers, and of every needless exception."""
    needed = set()
    for path, number, target in includes:
        layer, other = layer_of(path), layer_of(target)
        if layer in EVERYTHING or layer == other:
            continue
        if layer not in LAYERS:
            yield path, 0, f"{layer}/ is no layer of tests/layers.py"
        elif other not in LAYERS[layer] and (layer, target) not in exceptions:
            yield path, number, f"{layer}/ must not include {target}"
        elif other not in LAYERS[layer]:
            needed.add((layer, target))
    for layer, target in sorted(exceptions - needed):
        yield "tests/layers.py", 0, f"{layer}/ no longer includes {target}: drop the exception"


def module_of(path):
    """A source and its header are one."""
    return re.sub(r"\.[ch]$", "", path)


def circles(includes):
    """The sets of modules that include each other, directly or through others (Tarjan's)."""
    graph = collections.defaultdict(list)
    for path, _, target in includes:
        if module_of(path) != module_of(target):
            graph[module_of(path)].append(module_of(target))
    number, low, stack, found = {}, {}, [], []

    def visit(module):
        number[module] = low[module] = len(number)
        stack.append(module)
        for other in graph[module]:
            if other not in number:
                visit(other)
            if other in stack:
                low[module] = min(low[module], low[other])
        if low[module] == number[module]:
            place = stack.index(module)
            found.append(sorted(stack[place:]))
            del stack[place:]

    for module in sorted(graph):
        if module not in number:
            visit(module)
    return found


def large_circles(includes, allowed):
    """(path, line, text) of every circle of more than two files, and of every needless entry."""
    needed = set()
    for circle in circles(includes):
        if len(circle) <= CIRCLE_MAX:
            continue
        layers = tuple(sorted({layer_of(module + ".h") for module in circle}))
        if layers in allowed:
            needed.add(layers)
        else:
            yield circle[0] + ".h", 0, "a circle of includes: " + ", ".join(circle)
    for layers in sorted(allowed - needed):
        yield "tests/layers.py", 0, f"no longer a circle in {', '.join(layers)}: drop the entry"


def faults(files, exceptions, allowed):
    """(path, line, text) of all that is wrong with the includes of {path: text}."""
    includes = includes_of(files)
    yield from directions(includes, exceptions)
    yield from large_circles(includes, allowed)
