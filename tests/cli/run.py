"""Runs the tests of the command line: see README.md."""
import argparse
import glob
import importlib
import mmap
import os
import sys

import kit


def _is_sanitized(path):
    with open(path, "rb") as f, mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ) as m:
        return any(m.find(word) >= 0 for word in (b"__asan_init", b"__tsan_init"))


def _arguments():
    here = os.path.dirname(os.path.abspath(__file__))
    groups = sorted(os.path.basename(p)[5:-3] for p in glob.glob(os.path.join(here, "test_*.py")))
    p = argparse.ArgumentParser(description="Tests of the command line. Prints TAP.")
    p.add_argument("--program", required=True, help="the cmdai to test")
    p.add_argument("--tools", help="folder with mkbroken (default: tools beside the program)")
    p.add_argument("--model", help="a trained model for the tests of answers, if not the embedded one")
    p.add_argument("--only", default="", metavar="TEXT", help="only cases whose name holds this")
    p.add_argument("groups", nargs="*", metavar="GROUP", help="of: %s (default: all)" % " ".join(groups))
    a = p.parse_args()
    unknown = set(a.groups) - set(groups)
    if unknown:
        p.error("no such group: %s (there are %s)" % (" ".join(sorted(unknown)), " ".join(groups)))
    a.groups = a.groups or groups
    return a


def main():
    """0 if nothing failed and something was tried."""
    a = _arguments()
    kit.Settings.program = os.path.abspath(a.program)
    kit.Settings.tools = a.tools or os.path.join(os.path.dirname(kit.Settings.program), "tools")
    kit.Settings.model = a.model and os.path.abspath(a.model)
    kit.Settings.slow = 8.0 if _is_sanitized(kit.Settings.program) else 2.0
    with kit.start_folder():
        for group in a.groups:
            importlib.import_module("test_" + group)
        return 0 if kit.run_cases(a.only) else 1


sys.exit(main())
