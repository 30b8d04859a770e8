#!/usr/bin/env python3
"""Makes the corpora that fuzzing begins with, out of real packages: seeds.py FOLDER [TARGET...]

The packages are those of $CORPUS (tools/corpus/build.sh makes it). Where there are none, the sources of this
Python's own library stand in. The choice is the same every time: of all files of a kind, every so many.
"""

import gzip
import json
import os
import pathlib
import random
import subprocess
import sys
import sysconfig
import tempfile
import zipfile
import zlib

CORPUS = pathlib.Path(os.environ.get("CORPUS", "/tmp/slim-corpus"))
HERE = pathlib.Path(__file__).resolve().parent
MOST_FILES = 300
MOST_BYTES = 64 << 10

C = r"""
#include <string.h>
#define F(name, n) __attribute__((noinline)) int name(int x) { return x * n + (int)strlen("a" #name); }
F(one, 3) F(two, 5) static int held[9]; int *place = &held[3]; const char *const words[] = {"a.b", "c"};
"""
KERNELS = r"""
typedef int (*kernel)(int);
struct table { kernel one, two; };
extern struct table gotoblas_HASWELL, gotoblas_NEHALEM;
struct table *gotoblas;
const char *config = "OpenBLAS 0.3.27 NO_AFFINITY DYNAMIC_ARCH";
#define F(name, n) __attribute__((noinline, visibility("hidden"))) int name(int x) { return x * n + x / n; }
F(one_HASWELL, 3) F(two_HASWELL, 4) F(one_NEHALEM, 5) F(two_NEHALEM, 6) F(one_PRESCOTT, 7)
struct table gotoblas_HASWELL = {one_HASWELL, two_HASWELL};
struct table gotoblas_NEHALEM = {one_NEHALEM, two_NEHALEM};
struct table gotoblas_PRESCOTT = {one_PRESCOTT, two_NEHALEM};
int run(int x) { gotoblas = x ? &gotoblas_HASWELL : &gotoblas_NEHALEM; return gotoblas->one(x) + two_NEHALEM(x); }
"""
FLAGS = [["-O1"], ["-g"], ["-Os", "-Wl,-z,noseparate-code"], ["-Wl,--hash-style=sysv"], ["-Wl,-z,relro,-z,now"], ["-s"]]
COMPILERS = ["gcc", "aarch64-linux-gnu-gcc"]


def below(root, suffixes, most=MOST_BYTES):
    """Every file of at most so many bytes whose name ends so, evenly chosen."""
    found = []
    for folder, folders, names in os.walk(root):
        folders.sort()
        for name in sorted(names):
            path = pathlib.Path(folder, name)
            if name.endswith(suffixes) and path.is_file() and 0 < path.stat().st_size <= most:
                found.append(path)
    step = max(1, len(found) // MOST_FILES)
    return [path.read_bytes() for path in found[::step]]


def packages(*suffixes, most=MOST_BYTES):
    return below(CORPUS, suffixes, most) if CORPUS.is_dir() else []


def compiled(source):
    """Shared objects made on the spot, by each compiler that is here."""
    objects = []
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "x.c")
        path.write_text(source)
        for compiler in COMPILERS:
            for flags in FLAGS:
                out = pathlib.Path(folder, "x.so")
                command = [compiler, "-shared", "-fPIC", "-nostdlib", "-o", out, path, *flags]
                try:
                    subprocess.run(command, check=True, capture_output=True)
                    objects.append(out.read_bytes())
                except (OSError, subprocess.CalledProcessError) as error:
                    print(f"no seed by {compiler} {' '.join(flags)}: {error}", file=sys.stderr)
                    break
    return objects


def sources():
    found = packages(".py", most=16 << 10)
    library = below(sysconfig.get_path("stdlib"), (".py",), 8 << 10)
    return found + library[:: max(1, len(library) // 100)]


SEAM = b"\n\x0c\n"
IMPORTS = [
    b"from alpha import core\nimport beta.inner as inner\n",
    b"from . import sub, unused\nfrom .core import *\nfrom .sub.mod import x\n",
    b"import importlib\nname = 'sub.mod'\nimportlib.import_module('.' + name, __package__)\n",
    b"def __getattr__(name):\n    return importlib.import_module(f'alpha.{name}')\n",
    b"try:\n    import beta\nexcept ImportError:\n    from .tests import test_core\n",
    b"if TYPE_CHECKING:\n    from alpha.tests import test_core\nelse:\n    from alpha import _late\n",
    b"import pkgutil\nfor found in pkgutil.iter_modules(__path__): __import__('alpha.' + found.name)\n",
    b"from importlib.metadata import entry_points, version\nversion('beta')\nentry_points(group='x.y')\n",
    b"open(os.path.join(os.path.dirname(__file__), 'template.txt'))\nresources.files('alpha') / 'data.json'\n",
    b"sys.path.insert(0, 'alpha')\nexec(open('alpha/unused.py').read())\ngetattr(alpha, '_' + 'late')\n",
]


def built():
    """What the target package takes apart: sources, data and metadata, with a seam between each and the next."""
    chance = random.Random(0)
    for number, source in enumerate(sources()[::2]):
        parts = [source, chance.choice(IMPORTS) + chance.choice(IMPORTS), chance.choice(IMPORTS), chance.choice(IMPORTS)]
        chance.shuffle(parts)
        yield SEAM.join(parts[: number % 4 + 1])
    for first in IMPORTS:
        for second in IMPORTS:
            yield SEAM.join([first, second, chance.choice(IMPORTS), b"", b'{"name": "alpha.sub.mod"}'])
    points = b"[console_scripts]\ntool = alpha.core:main\n[x.y]\none = alpha.sub.mod\n"
    yield SEAM.join([*IMPORTS[6:8], b"", b"", b"{}", points, b"Metadata-Version: 2.1\nName: alpha\nVersion: 1.0\n"])


def bytecode():
    compiled = []
    for source in sources()[:: 3]:
        try:
            code = compile(source, "x.py", "exec", dont_inherit=True)
        except (SyntaxError, ValueError):
            continue
        import marshal
        compiled.append(b"\xcb\r\r\n" + bytes(12) + marshal.dumps(code))
    return [bytes_ for bytes_ in compiled if len(bytes_) <= MOST_BYTES]


def written():
    """What the target zip_write takes apart: names, kinds, modes and contents, a byte before each for its length."""
    chance = random.Random(0)
    names = [b"a", b"a/b.py", b"a/", b"\xc3\xa9/x", b"b\\c", b"..", b"/x", b"lib/x.so.1", b"x" * 200]
    for _ in range(60):
        entry = bytes([chance.randrange(256) for _ in range(5)])
        for _ in range(chance.randrange(1, 9)):
            name, content = chance.choice(names), chance.randbytes(chance.randrange(40))
            entry += bytes([len(name)]) + name + chance.randbytes(2) + bytes([len(content)]) + content
        yield entry


def zips():
    """Zips as zipfile and zip write them: folders, links, comments, names and modes of every kind."""
    chance = random.Random(0)
    with tempfile.TemporaryDirectory() as folder:
        for number in range(60):
            path = pathlib.Path(folder, "x.zip")
            with zipfile.ZipFile(path, "w") as archive:
                for name in chance.sample(["a", "b/", "b/c.py", "./d", "e//f", "g.so", "\u00e9", "h/i/j", "k"], number % 8 + 1):
                    info = zipfile.ZipInfo(name)
                    info.compress_type = chance.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
                    link = chance.random() < 0.2 and not name.endswith("/")
                    info.external_attr = (0o120777 if link else 0o100644) << 16
                    content = b"a" if link else chance.randbytes(4) * chance.randrange(40)
                    archive.writestr(info, b"" if name.endswith("/") else content)
                if number % 9 == 0:
                    archive.comment = b"comment"
            yield path.read_bytes()
    yield from packages(".zip", ".whl", most=256 << 10)


def tables():
    for text in packages(".pyi", ".txt", most=8 << 10)[:60]:
        yield b"\x03abc" + text
        yield b"\0_cython_3_2\0" + zlib.compress(text) + b"\0"
        yield b"\0_cython_3_3\0" + bytes(b for at in range(0, len(text) - 8, 8) for b in b"\xff" + text[at : at + 8])
    yield from packages(".so", most=40 << 10)


def configurations():
    pages = [HERE.parent.parent / "README.md", *sorted((HERE.parent.parent / "docs").glob("*.md"))]
    for page in pages:
        for block in page.read_text().split("```toml\n")[1:]:
            yield block.split("```")[0].encode()
    yield from (path.read_bytes() for path in sorted(HERE.parent.parent.rglob("examples/*/slim.toml")))
    yield from (path.read_bytes() for path in sorted((HERE.parent.parent / "src/facts/known").glob("*.toml")))
    yield b'[tool.slim]\nkeep = ["a"]\n[tool.slim.cache]\nmax-size = "1GB"\n'


def reports():
    yield (HERE / "src/report.json").read_bytes()
    yield from packages("report.json", most=1 << 20)


def documents():
    yield from packages(".json", most=16 << 10)
    yield json.dumps({"doc": "a", "b": [1, -2.5e3, None, {"doc": " \\\" "}]}, indent=1).encode()


def metadata():
    yield from packages("METADATA", "RECORD", "WHEEL", "entry_points.txt", "top_level.txt", most=16 << 10)
    yield b"#!/usr/bin/python3.12\nimport sys\n"
    yield b"#!/bin/sh\n'''exec' /a b/python3 \"$0\" \"$@\"\n' '''\nimport sys\n"


def packed():
    for content in packages(".json", ".txt", ".xml", most=8 << 10)[:100]:
        yield gzip.compress(content, mtime=0)
        yield zlib.compress(content)[2:-4]
        yield content


SEEDS = {
    "elf": lambda: compiled(C) + packages(".so", most=48 << 10),
    "kernels": lambda: compiled(KERNELS),
    "zip_write": written,
    "zip_read": zips,
    "metadata": metadata,
    "outline": sources,
    "package": built,
    "prose": sources,
    "bytecode": bytecode,
    "inflated": tables,
    "config": configurations,
    "report": reports,
    "json": documents,
    "gzip": packed,
}


def main(folder, *targets):
    for target in targets or SEEDS:
        into = pathlib.Path(folder, target)
        into.mkdir(parents=True, exist_ok=True)
        count = size = 0
        for number, content in enumerate(SEEDS[target]()):
            (into / f"seed-{number:04}").write_bytes(content)
            count, size = count + 1, size + len(content)
        print(f"{target}: {count} seeds, {size} bytes")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(*sys.argv[1:])
