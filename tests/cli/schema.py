"""A small JSON Schema validator (draft 2020-12): the keywords that the project's schemas use, and an error for any
other, so that no schema promises what is not checked."""
import json
import re

from kit import Failure, need

TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}
NOTES = {"$schema", "$id", "$defs", "$comment", "title", "description", "examples"}


def _is_type(value, name):
    if name == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    if name == "number":
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return isinstance(value, TYPES[name])


def _same(a, b):
    """Equal as JSON: true is not 1."""
    return a == b and isinstance(a, bool) == isinstance(b, bool)


class Schema:
    """check(document) raises Failure where the document breaks the schema, or holds a member that it
    does not describe: other readers must ignore those, but we shall not forget to write them down."""

    def __init__(self, path):
        with open(path, encoding="utf-8") as f:
            self.root = json.load(f)
        self.path = path
        need(self.root.get("$schema") == "https://json-schema.org/draft/2020-12/schema", path + ": not draft 2020-12")
        self.survey(self.root, "#")

    def survey(self, schema, where, described=True):
        """Every part of the schema is understood, and every member is described."""
        for key in schema:
            known = key in NOTES or hasattr(self, "_" + key.lstrip("$"))
            need(known, "%s: keyword %s at %s is not understood here" % (self.path, key, where))
        for key, part in [*schema.get("properties", {}).items(), *schema.get("$defs", {}).items()]:
            need(not described or "description" in part or "$ref" in part,
                 "%s: %s/%s has no description" % (self.path, where, key))
            self.survey(part, where + "/" + key, described)
        if "items" in schema:
            self.survey(schema["items"], where + "/items", described)
        for i, part in enumerate(schema.get("oneOf", [])):
            self.survey(part, "%s/oneOf/%d" % (where, i), described)
        for key in ("if", "then", "else"):
            if key in schema:
                self.survey(schema[key], where + "/" + key, False)

    def check(self, document):
        """The whole document."""
        self.visit(self.root, document, "$")

    def visit(self, schema, value, where):
        """One value against one part of the schema."""
        for key, rule in schema.items():
            if key not in NOTES:
                getattr(self, "_" + key.lstrip("$"))(rule, schema, value, where)

    def holds(self, schema, value):
        """Whether a value keeps to a part."""
        try:
            self.visit(schema, value, "$")
            return True
        except Failure:
            return False

    def _ref(self, rule, _schema, value, where):
        part = self.root
        for step in rule.lstrip("#/").split("/"):
            part = part[step]
        self.visit(part, value, where)

    def _type(self, rule, _schema, value, where):
        names = rule if isinstance(rule, list) else [rule]
        need(any(_is_type(value, n) for n in names), "%s is %r, not %s" % (where, value, " or ".join(names)))

    def _const(self, rule, _schema, value, where):
        need(_same(value, rule), "%s is %r, not %r" % (where, value, rule))

    def _enum(self, rule, _schema, value, where):
        need(any(_same(value, r) for r in rule), "%s is %r, not one of %r" % (where, value, rule))

    def _required(self, rule, _schema, value, where):
        for key in rule if isinstance(value, dict) else []:
            need(key in value, "%s.%s is missing" % (where, key))

    def _properties(self, rule, schema, value, where):
        whole = "type" in schema  # else it is one side of a condition
        for key, item in value.items() if isinstance(value, dict) else []:
            need(key in rule or not whole, "%s.%s is not described by the schema" % (where, key))
            self.visit(rule.get(key, {}), item, "%s.%s" % (where, key))

    def _items(self, rule, _schema, value, where):
        for i, item in enumerate(value if isinstance(value, list) else []):
            self.visit(rule, item, "%s[%d]" % (where, i))

    def _oneOf(self, rule, _schema, value, where):
        fitting = sum(self.holds(part, value) for part in rule)
        need(fitting == 1, "%s fits %d of the %d forms: %r" % (where, fitting, len(rule), value))

    def _uniqueItems(self, rule, _schema, value, where):
        items = [json.dumps(v, sort_keys=True) for v in value] if rule and isinstance(value, list) else []
        need(len(set(items)) == len(items), "%s has an item twice" % where)

    def _if(self, rule, schema, value, where):
        branch = schema.get("then" if self.holds(rule, value) else "else")
        if branch:
            self.visit(branch, value, where)

    def _then(self, *_):
        """Read by _if."""

    def _else(self, *_):
        """Read by _if."""

    def _minimum(self, rule, _schema, value, where):
        need(not _is_type(value, "number") or value >= rule, "%s is %r, below %r" % (where, value, rule))

    def _maximum(self, rule, _schema, value, where):
        need(not _is_type(value, "number") or value <= rule, "%s is %r, above %r" % (where, value, rule))

    def _exclusiveMinimum(self, rule, _schema, value, where):
        need(not _is_type(value, "number") or value > rule, "%s is %r, not above %r" % (where, value, rule))

    def _minLength(self, rule, _schema, value, where):
        need(not isinstance(value, str) or len(value) >= rule, "%s is shorter than %d" % (where, rule))

    def _minItems(self, rule, _schema, value, where):
        need(not isinstance(value, list) or len(value) >= rule, "%s has fewer than %d items" % (where, rule))

    def _maxItems(self, rule, _schema, value, where):
        need(not isinstance(value, list) or len(value) <= rule, "%s has more than %d items" % (where, rule))

    def _pattern(self, rule, _schema, value, where):
        need(not isinstance(value, str) or re.search(rule, value), "%s is %r, not /%s/" % (where, value, rule))
