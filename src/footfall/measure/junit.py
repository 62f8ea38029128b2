"""The judgements of a run as JUnit XML, which any CI reads."""

import re
from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from footfall.measure.verdict import Judgement, Verdict
from footfall.records.runs import Manifest

# XML 1.0 has no way to write these, not even escaped (section 2.2).
_FORBIDDEN = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_TAGS = {Verdict.FAIL: "failure", Verdict.UNDECIDED: "error", Verdict.INVALID: "error"}


def junit_xml(judgements: Sequence[Judgement], manifest: Manifest) -> str:
    """One test case a criterion: a failed one is a `<failure>`, an undecided or invalid one an `<error>`."""
    verdicts = [each.verdict for each in judgements]
    counts = {
        "tests": str(len(verdicts)),
        "failures": str(verdicts.count(Verdict.FAIL)),
        "errors": str(sum(verdicts.count(each) for each, tag in _TAGS.items() if tag == "error")),
    }
    # The schema that CI servers agree on knows skipped tests of a suite alone, and we skip none.
    root = Element("testsuites", {"name": "footfall", **counts})
    name = _clean(manifest.scenario or manifest.model)
    suite = SubElement(root, "testsuite", {"name": name, **counts, "timestamp": manifest.started_at})
    properties = SubElement(suite, "properties")
    for key in ("run", "model", "seed", "status"):
        SubElement(properties, "property", {"name": key, "value": _clean(str(getattr(manifest, key)))})
    for each in judgements:
        _add(suite, each, name)
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _add(suite: Element, judgement: Judgement, suite_name: str) -> None:
    case = SubElement(
        suite,
        "testcase",
        {"classname": f"footfall.{suite_name}", "name": _clean(judgement.criterion), "time": "0"},
    )
    if judgement.verdict in _TAGS:
        reason = _clean(judgement.reason)
        told = SubElement(
            case, _TAGS[judgement.verdict], {"message": reason, "type": judgement.verdict.value}
        )
        told.text = reason
    else:
        SubElement(case, "system-out").text = _clean(judgement.reason)


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)
