# clients/c/gongji/public_header.py -- writes the installed header: gongji.h and what it needs.
"""usage: public_header.py VERSION OUTPUT HEADER...

The sources include each other from the root of the project and pin their layouts with assertions of
C11. What is installed is one file for C99 and C++11: the headers in the order given, the last one
being gongji.h, without those includes, assertions and guards. Enumerations that are lists X(...)
in the sources are written out, so that nobody's macro X is touched.
"""
import re
import sys

NOT_NEEDED = {"assert.h"}


def lists_of(text):
    """{name: [arguments]} of every `#define NAME_MAP(X) X(...) X(...)`."""
    found = {}
    for name, body in re.findall(r"^#define (\w+_MAP)\(X\)((?:[^\n]*\\\n)*[^\n]*)$", text, re.M):
        found[name] = re.findall(r"X\((\w+), (-?\d+)(?:, \"([^\"]*)\")?", body)
    return found


def written_out(text, lists):
    """Enumerations whose members come from a list, member by member."""
    def members(match):
        prefix, name = match.groups()
        lines = []
        for member, number, said in lists[name]:
            line = f"    {prefix}{member} = {number},"
            lines.append(f"{line} /* {said} */" if said and name != "GJ_OP_MAP" else line)
        return "\n".join(lines)
    return re.sub(r"^#define X\(name, number[^)]*\) (\w+)##name = \(number\),\n"
                  r" +(\w+_MAP)\(X\)\n#undef X$", members, text, flags=re.M)


def bare(path, text):
    """A header without its guard, its includes and its assertions."""
    guard = re.search(r"^#ifndef (\w+)\n#define \1\n", text, re.M).group(1)
    text = text.replace(f"#ifndef {guard}\n#define {guard}\n", "", 1)
    text = re.sub(r"#endif\s*$", "", text)
    text = re.sub(r"^ *#include [^\n]*\n", "", text, flags=re.M)
    text = re.sub(r"^static_assert\((?:[^;]|\n)*?\);\n", "", text, flags=re.M)
    text = re.sub(r"^/\* X\([^\n]*\*/\n#define \w+_MAP\(X\)(?:[^\n]*\\\n)*[^\n]*\n", "", text,
                  flags=re.M)
    text = re.sub(rf"^/\* {re.escape(path)} -- (.)", lambda m: "/* " + m.group(1).upper(), text)
    return re.sub(r"\n{3,}", "\n\n", text).strip("\n")


def assemble(version, headers):
    """The text of the installed header; headers: [(path seen from the root, text)]."""
    system, lists = set(), {}
    for _, text in headers:
        system |= set(re.findall(r"^#include <([^>]+)>", text, re.M)) - NOT_NEEDED
        lists.update(lists_of(text))
    parts = [written_out(bare(path, text), lists) for path, text in headers]
    manual, main = re.match(r"(/\*.*?\*/)\n+(.*)", parts[-1], re.S).groups()
    return "\n\n".join([
        manual, "#ifndef GONGJI_H\n#define GONGJI_H",
        "\n".join(f"#include <{name}>" for name in sorted(system)),
        f'#define GONGJI_VERSION "{version}"',
        '#ifdef __cplusplus\nextern "C" {\n#endif', *parts[:-1], main,
        "#ifdef __cplusplus\n}\n#endif", "#endif"]) + "\n"


def main(version, output, *paths):
    headers = []
    for path in paths:
        with open(path, encoding="utf-8") as source:
            text = source.read()
        headers.append((re.match(r"/\* (\S+) -- ", text).group(1), text))
    with open(output, "w", encoding="utf-8") as out:
        out.write(assemble(version, headers))


if __name__ == "__main__":
    main(*sys.argv[1:])
