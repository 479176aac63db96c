"""The verdicts in tests/corpus/sh are those of the shells of this machine."""
import os
import re
import shutil
import subprocess
import sys

import kit
from kit import case, need

sys.path.insert(0, os.path.join(kit.ROOT, "tests", "corpus", "sh"))
import verdicts  # noqa: E402


def _version(shell):
    if not shutil.which(shell):
        raise kit.Skip("%s is not installed" % shell)
    if shell == "bash":
        said = subprocess.run(["bash", "--version"], capture_output=True, check=True).stdout.decode()
        version = re.search(r"version (\d+\.\d+)", said)[1]
        if version != "5.2":
            raise kit.Skip("the verdicts are those of bash 5.2, this is %s" % version)


@case("corpus: {0}: what {1} says is what was recorded",
      [(os.path.basename(path), shell) for path in verdicts.files() for shell in verdicts.SHELLS])
def _(name, shell):
    _version(shell)
    items = verdicts.read(os.path.join(verdicts.HERE, name))
    need(items, "no fragments")
    said = verdicts.judge(shell, [text for _, _, text in items])
    wrong = ["%r: %s" % (text, now) for (old, _, text), now in zip(items, said) if old[shell] != now]
    need(not wrong, "\n".join(wrong))
