# SPDX-License-Identifier: Apache-2.0
"""The man page and the completion know each verb and option of the binary, and no others."""
import os
import re
import subprocess

from harness import BINARY, check, main

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")


def read(*parts):
    with open(os.path.join(ROOT, *parts), encoding="utf-8") as file:
        return file.read()


def help_of(*verb):
    return subprocess.run([BINARY, *verb, "--help"], capture_output=True, text=True,
                          check=True).stdout


def verbs_in(text):
    listed = text.partition("Subcommands:")[2].partition("\n\n")[0]
    return re.findall(r"^  ([a-z-]+) ", listed, re.MULTILINE)


def verbs():
    for verb in verbs_in(help_of()):
        below = verbs_in(help_of(verb))
        if below:
            for second in below:
                yield (verb, second)
        else:
            yield (verb,)


def options_of(*verb):
    return set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", help_of(*verb)))


def manual_and_completion_are_complete():
    manual, completion = read("docs", "yore.1.scd"), read("tools", "completion", "yore.bash")
    known = options_of()
    for verb in verbs():
        check(f"*{' '.join(verb)}*" in manual, f"the manual lacks {' '.join(verb)}")
        check(all(word in completion for word in verb), f"the completion lacks {verb}")
        known |= options_of(*verb)
    for option in known - {"--human"}:
        check(f"*{option}*" in manual, f"the manual lacks {option}")
        check(option in completion or option == "--version", f"the completion lacks {option}")
    for option in set(re.findall(r"\*(--[a-z-]+)\*", manual)):
        check(option in known, f"the manual has {option}, which is not there")


if __name__ == "__main__":
    main(manual_and_completion_are_complete)
