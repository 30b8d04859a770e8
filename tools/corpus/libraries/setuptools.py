# /// script
# dependencies = ["setuptools"]
# [tool.slim]
# ci = true
# event = {package = "setuptools", commands = ["egg_info", "build_py", "sdist", "bdist_wheel"], wrong = "name = 1"}
# ///
"""distutils comes from a hook that a .pth file installs, and brings setuptools; commands are entry points."""

import os
import pathlib
import sys
from distutils.sysconfig import get_config_var
from distutils.version import LooseVersion

os.environ["SOURCE_DATE_EPOCH"] = "1577836800"
PROJECT = '[project]\nname = "demo"\nversion = "1.2"\n{}\n[tool.setuptools]\npackages = ["demo"]\n'


def lambda_handler(event, context):
    from distutils.dir_util import mkpath

    setuptools = sys.modules[event["package"]]
    where = pathlib.Path("/tmp/slim-demo")
    mkpath(str(where / "demo"))
    (where / "demo" / "__init__.py").write_text("")
    os.chdir(where)
    (where / "pyproject.toml").write_text(PROJECT.format('classifiers = ["Topic :: Utilities"]'))
    made = setuptools.Distribution({"script_name": "setup.py"})
    made.parse_config_files()
    for command in event["commands"]:
        made.run_command(command)
    (where / "pyproject.toml").write_text("[project]\n" + event["wrong"])
    try:
        setuptools.Distribution().parse_config_files()
    except ValueError as error:
        wrong = str(error).splitlines()[0]
    return {
        "newer": LooseVersion("1.10") > LooseVersion("1.9"),
        "built": sorted(one.name for one in (where / "dist").iterdir()),
        "wrong": wrong,
        "packages": setuptools.find_packages(str(where), exclude=["build*"]),
        "library": get_config_var("EXT_SUFFIX"),
        "commands": sorted(made.command_obj),
    }
