"""Runs in the child: compiles sources to the bodies of unchecked-hash bytecode files.

The job comes on stdin as JSON; each answer is a line of JSON on what was stdout, in the order of the files.
"""

import importlib.util
import json
import marshal
import os
import sys
import warnings


def main():
    job = json.load(sys.stdin.buffer)
    answers = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)
    warnings.simplefilter("ignore")
    limit(job["memory"], job["file_size"])
    for source, seen, out in job["files"]:
        answers.write(json.dumps(compiled(source, seen, out)) + "\n")
        answers.flush()


def compiled(source, seen, out):
    try:
        with open(source, "rb") as file:
            text = file.read()
        code = compile(text, seen, "exec", dont_inherit=True, optimize=0)
        # PEP 552: bit 0 says that the hash counts, bit 1 not set that it is not checked.
        header = importlib.util.MAGIC_NUMBER + (1).to_bytes(4, "little") + importlib.util.source_hash(text)
        with open(out, "wb") as file:
            file.write(header + marshal.dumps(code))
        return None
    except Exception as error:
        return f"{type(error).__name__}: {str(error)[:300]}"


main()
