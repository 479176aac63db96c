"""formats.py KIND FILE: reads a report with Python's own readers (csv, xml) or prometheus_client, and prints it as JSON.
Status 77: the reader isn't there."""
import csv
import json
import sys
import xml.etree.ElementTree as ET


def read_csv(path):
    """Rows; a line that isn't RFC 4180 is an error."""
    with open(path, encoding="utf-8", newline="") as f:
        text = f.read()
    if not text.endswith("\r\n") or "\n" in text.replace("\r\n", ""):
        sys.exit("lines don't end in CR LF")
    return list(csv.reader(text.splitlines(keepends=True), strict=True))


def read_junit(path):
    """Counts and cases of each suite."""
    suites = []
    for suite in ET.parse(path).getroot().iter("testsuite"):
        cases = []
        for case in suite.iter("testcase"):
            kind = next((k for k in ("skipped", "error", "failure") if case.find(k) is not None), "passed")
            found = case.find(kind)
            cases.append({"name": case.get("name"), "kind": kind, "file": case.get("file"),
                          "text": found.text if found is not None else None, "out": case.findtext("system-out")})
        suites.append({**suite.attrib, "cases": cases})
    return suites


def read_openmetrics(path):
    """Samples, as the reference parser of OpenMetrics gives them."""
    try:
        from prometheus_client.openmetrics.parser import text_string_to_metric_families
    except ImportError:
        sys.exit(77)
    with open(path, encoding="utf-8") as f:
        families = list(text_string_to_metric_families(f.read()))
    return [{"name": s.name, "labels": s.labels, "value": s.value, "type": m.type, "unit": m.unit}
            for m in families for s in m.samples]


READERS = {"csv": read_csv, "junit": read_junit, "openmetrics": read_openmetrics}
json.dump(READERS[sys.argv[1]](sys.argv[2]), sys.stdout)
