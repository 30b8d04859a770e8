#!/usr/bin/env python3
"""Asks `packaging`, pip's own reader of environment markers, what src/python/marker/markers.txt should say.

    markers.py                do the answers there still hold? Exit 1 where one does not
    markers.py --write DIR    write them anew, with the markers that the distributions in the folders of DIR use

A line is a `y` or `n` for each environment and each extra, a tab, and the marker: whether it holds under some patch of
the Python. What `packaging` cannot tell holds.
"""

import importlib.metadata
import pathlib
import sys

from packaging.markers import InvalidMarker, Marker, UndefinedComparison
from packaging.requirements import InvalidRequirement, Requirement

TABLE = pathlib.Path(__file__).resolve().parents[2] / "src/python/marker/markers.txt"
ENVIRONMENTS = [(9, "x86_64"), (12, "x86_64"), (14, "aarch64")]
EXTRAS = ["", "all"]
PATCHES = range(41)

# What no distribution of the corpus says, and one may.
ODD = """
python_version == "3.12"
python_version=='3.12'and(extra=='all')
python_version != "3.12"
python_version === "3.12"
python_version ~= "3.9"
python_version ~= "3.12.0"
python_version == "3.*"
python_version == "3.12.*"
python_version != "3.12.*"
python_version > "3.11.9"
python_version >= "3.14.0"
python_version < "3.12.0rc1"
python_version <= "3.13.0a1"
python_version in "2.7, 3.12"
python_version not in "2.7, 3.12"
"3.12" in python_version
"3.10" <= python_version
"3.12" == python_version
python_version < "4" and python_version >= "3"
python_full_version < "3.12.4"
python_full_version >= "3.12.4" and python_full_version < "3.12.4"
python_full_version < "3.12.4" or python_full_version >= "3.12.4"
python_full_version == "3.12.4"
python_full_version >= "3.12.99"
python_full_version < "3.11.0a7"
python_full_version ~= "3.12.1"
implementation_version >= "3.10"
sys_platform == "linux"
sys_platform == "linux2"
"linux" in sys_platform
sys_platform in "win32 cygwin"
sys.platform == "win32"
os.name == "posix"
os_name == "nt" or os_name == "java"
platform_system != "Windows"
platform_machine == "x86_64"
platform_machine in "aarch64 arm64"
platform_machine == "AMD64"
platform.machine == "x86_64"
platform_python_implementation == "PyPy"
python_implementation == "CPython"
platform.python_implementation == 'CPython'
implementation_name == "cpython"
implementation_name == "pypy"
extra == "All"
extra == "a.l_l"
extra != "all"
"all" == extra
(extra == "all")
((python_version < "3.10" and sys_platform == "win32") or extra == "all")
python_version < "3.10" and sys_platform == "win32" or extra == "all"
python_version < "3.10" and (sys_platform == "win32" or extra == "all")
platform_release >= "5"
platform_version == "1" or extra == "all"
platform_version == "1" and extra == "all"
platform_version == "1"
python_version >= "3.8" and
no_such == "a"
python_version
"""


def holds(text, minor, machine, extra):
    try:
        marker = Marker(text)
    except InvalidMarker:
        return True
    return any(under(marker, f"3.{minor}", f"3.{minor}.{patch}", machine, extra) for patch in PATCHES)


def under(marker, version, full, machine, extra):
    environment = {
        "implementation_name": "cpython",
        "implementation_version": full,
        "os_name": "posix",
        "platform_machine": machine,
        "platform_python_implementation": "CPython",
        "platform_system": "Linux",
        "python_full_version": full,
        "python_version": version,
        "sys_platform": "linux",
        "extra": extra,
    }
    # What is not known of the kernel may be this or that.
    for release, told in (("0", "0"), ("99", "1")):
        try:
            if marker.evaluate({**environment, "platform_release": release, "platform_version": told}):
                return True
        except UndefinedComparison:
            return True
    return False


def line(text):
    answers = (holds(text, *environment, extra) for environment in ENVIRONMENTS for extra in EXTRAS)
    return "".join("ny"[answer] for answer in answers) + "\t" + text


def used(folder):
    """The markers of installed distributions that say more than which extra they belong to."""
    for package in sorted(pathlib.Path(folder).iterdir()):
        for distribution in importlib.metadata.distributions(path=[str(package)]):
            for text in distribution.requires or ():
                try:
                    marker = Requirement(text).marker
                except InvalidRequirement:
                    continue
                if marker and not str(marker).startswith("extra == "):
                    yield str(marker)


def main():
    if sys.argv[1:2] == ["--write"]:
        odd = [text for text in ODD.splitlines() if text]
        real = sorted(set(used(sys.argv[2])) - set(odd))
        TABLE.write_text("".join(f"{line(text)}\n" for text in odd + real))
    lines = TABLE.read_text().splitlines()
    wrong = [(told, line(told.split("\t")[1])) for told in lines if told != line(told.split("\t")[1])]
    for told, true in wrong:
        print(f"error: markers.txt says {told!r}, packaging {true!r}")
    print(f"{len(lines)} markers, {len(wrong)} of them wrong")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
