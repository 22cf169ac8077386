# SPDX-License-Identifier: Apache-2.0
"""Reads C++ text well enough for tidy: comments and literals blanked, the lengths of functions."""
from __future__ import annotations

import re
from dataclasses import dataclass

LITERAL_OR_COMMENT = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"(?P<mark>[^()\s\\]{0,16})\(.*?\)(?P=mark)"'
    r'|"(?:\\.|[^"\\\n])*"|(?<![0-9A-Fa-f])\'(?:\\.|[^\'\\\n])+\'', re.DOTALL)
DIRECTIVE = re.compile(r"^[ \t]*#(?:\\\n|[^\n])*", re.MULTILINE)
TYPE_HEAD = re.compile(r"^\s*(?:template\s*<.*>\s*)?(?:inline\s+|typedef\s+|export\s+)*"
                       r'(?:namespace|class|struct|union|enum|extern)\b', re.DOTALL)
FUNCTION_TAIL = re.compile(r"\)\s*(?:const|noexcept|override|final|mutable|&&?|\s)*$")


@dataclass(frozen=True)
class Function:
    name: str
    first_line: int
    last_line: int

    @property
    def line_count(self) -> int:
        return self.last_line - self.first_line + 1


def blanked(text: str) -> str:
    """The text with the inside of comments and literals as spaces; every offset and line stays."""
    return LITERAL_OR_COMMENT.sub(spaces, text)


def spaces(match: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", match[0])


def functions(text: str) -> list[Function]:
    """The functions of a file, outermost only: a lambda counts as part of its function."""
    code = DIRECTIVE.sub(spaces, blanked(text))
    found: list[Function] = []
    scopes: list[tuple[str, int, int]] = []  # kind, start of its head, parenthesis depth outside
    head_start, parentheses = 0, 0
    for at, character in enumerate(code):
        if character == "(":
            parentheses += 1
        elif character == ")":
            parentheses -= 1
        elif character == "{":
            kind = scope_kind(code[head_start:at], scopes, parentheses)
            scopes.append((kind, head_start, parentheses))
            head_start, parentheses = (at + 1, 0) if kind in ("type", "function") \
                else (head_start, parentheses)
        elif character == "}" and scopes:
            kind, start, parentheses = scopes.pop()
            if kind == "function" and code[at + 1:].lstrip()[:1] in (",", "{"):
                head_start = start  # a member initialised with braces, the body comes yet
                continue
            if kind == "function":
                found.append(describe(code, start, at))
            if kind in ("type", "function"):
                head_start = at + 1
        elif character == ";" and parentheses == 0 and not inside_function(scopes):
            head_start = at + 1
    return found


def inside_function(scopes: list[tuple[str, int, int]]) -> bool:
    return any(kind != "type" for kind, _, _ in scopes)


def scope_kind(head: str, scopes: list[tuple[str, int, int]], parentheses: int) -> str:
    if inside_function(scopes) or parentheses > 0:
        return "inner"
    if TYPE_HEAD.match(strip_labels(head)) and not FUNCTION_TAIL.search(head):
        return "type"
    return "function" if "(" in head else "inner"


def strip_labels(head: str) -> str:
    return re.sub(r"^\s*(?:(?:public|protected|private)\s*:\s*)+", "", head)


def describe(code: str, start: int, end: int) -> Function:
    body = code[start:end]
    first = start + len(body) - len(strip_labels(body).lstrip())
    named = re.search(r"([~\w:]+|operator\s*\S+?)\s*\(", code[first:end])
    return Function(named[1] if named else "?", code.count("\n", 0, first) + 1,
                    code.count("\n", 0, end) + 1)
