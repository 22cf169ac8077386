# SPDX-License-Identifier: Apache-2.0
"""Checks values against the part of JSON Schema that docs/api/openapi.json uses. A field that is
not documented is a mistake, too; a keyword that is not known here is one of the document."""
import re

from harness import check

IS = {"object": dict, "array": list, "string": str, "null": type(None), "boolean": bool,
      "integer": int, "number": (int, float)}
KEYWORDS = {"type", "properties", "required", "items", "enum", "const", "pattern", "minimum",
            "maximum", "exclusiveMinimum", "additionalProperties", "patternProperties", "allOf",
            "anyOf", "oneOf", "$ref", "description", "format"}
TIME = re.compile(r"-?\d{4,}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


class Schemas:
    def __init__(self, document):
        self.document = document

    def resolved(self, schema):
        while "$ref" in schema:
            found = self.document
            for part in schema["$ref"].removeprefix("#/").split("/"):
                found = found[part]
            schema = found
        return schema

    def parts(self, schema):
        """What all have to hold: the schema, and those of its allOf."""
        schema = self.resolved(schema)
        yield schema
        for part in schema.get("allOf", []):
            yield from self.parts(part)

    def check(self, schema, value, where):
        mistake = self.mistake(schema, value)
        check(mistake is None, f"{where}: {mistake}: {value}")

    def mistake(self, schema, value):
        parts = list(self.parts(schema))
        for part in parts:
            check(part.keys() <= KEYWORDS, f"unknown keywords: {part.keys() - KEYWORDS}")
            if found := self.mistake_in(part, value):
                return found
        return self.mistake_in_fields(parts, value) if isinstance(value, dict) else None

    def mistake_in(self, part, value):
        kinds = part.get("type", [])
        kinds = [kinds] if isinstance(kinds, str) else kinds
        if kinds and not any(self.is_of(kind, value) for kind in kinds):
            return f"not of type {kinds}"
        for word in ("anyOf", "oneOf"):
            found = [self.mistake(one, value) for one in part.get(word, [])]
            good = found.count(None)
            if found and (good == 0 or (word == "oneOf" and good > 1)):
                return f"{good} of {word} hold ({found})"
        if "enum" in part and value not in part["enum"]:
            return f"not one of {part['enum']}"
        if "const" in part and value != part["const"]:
            return f"not {part['const']}"
        if isinstance(value, str):
            return self.mistake_in_text(part, value)
        if isinstance(value, list) and "items" in part:
            return next(filter(None, (self.mistake(part["items"], one) for one in value)), None)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            if not part.get("minimum", value) <= value <= part.get("maximum", value):
                return "out of its bounds"
            if value <= part.get("exclusiveMinimum", value - 1):
                return "out of its bounds"
        return None

    @staticmethod
    def is_of(kind, value):
        return isinstance(value, IS[kind]) and (kind == "boolean" or not isinstance(value, bool))

    @staticmethod
    def mistake_in_text(part, value):
        if "pattern" in part and not re.search(part["pattern"], value):
            return f"not of the form {part['pattern']}"
        if part.get("format") == "date-time" and not TIME.fullmatch(value):
            return "not a time"
        return None

    def mistake_in_fields(self, parts, value):
        known, extra = {}, False
        for part in parts:
            known |= part.get("properties", {})
            extra = part.get("additionalProperties", extra)
            if missing := set(part.get("required", [])) - value.keys():
                return f"without {missing}"
        listed = any("properties" in part for part in parts)
        for name, one in value.items():
            schema = known.get(name)
            if schema is None and name.removesuffix("_base64") in known:
                schema = self.document["components"]["schemas"]["Base64"]
            if schema is None and isinstance(extra, dict):
                schema = extra
            if schema is None and listed and extra is not True:
                return f"{name} is not documented"
            if schema is not None and (found := self.mistake(schema, one)):
                return f"{name}: {found}"
        return None

    def example(self, schema):
        """Some value that is right by its schema."""
        schema = self.resolved(schema)
        if "enum" in schema:
            return schema["enum"][0]
        return {"string": "home@latest", "array": ["x"], "integer": 1,
                "boolean": False}[schema["type"]]

    def events(self, line):
        """The names of the events that a line of an answer may be."""
        for part in self.parts(line):
            name = part.get("properties", {}).get("event", {})
            if name:
                yield name.get("const")
