"""Reads the corpus's authoring format (docs/labelling.md) into labelled listings with checked offsets."""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path
from typing import Any

CUE_CODES = {
    "r": "replica_claim",
    "o": "brand_obfuscation",
    "p": "price_too_low",
    "w": "wholesale_offer",
    "x": "off_platform_contact",
    "e": "provenance_evasion",
    "a": "authenticity_overclaim",
}
CONTACT_KINDS = frozenset(
    [
        "phone",
        "whatsapp",
        "wechat",
        "telegram",
        "line",
        "zalo",
        "kakaotalk",
        "instagram",
        "yupoo",
        "email",
        "link",
        "other",
    ]
)
_TOKEN = re.compile(r"\[\[([a-zA-Z])(?::([^|\[\]]+))?\||\]\]")
_HEADER = re.compile(r"^@(\d+)([ab]?)\s+(yes|no)\s+(\S+)\s+(\S+)\s*$")
_PRICE = re.compile(r"^([\d.]+)\s+([A-Z]{3})$")


class MarkupError(ValueError):
    """A block that cannot be read: says which block, what is wrong and what is allowed."""


def read_markup(text: str, lang: str) -> tuple[list[dict[str, Any]], list[str]]:
    """Labelled listings and faults (one line each) from a file in the authoring format."""
    rows, faults = [], []
    for block in re.split(r"\n\s*\n(?=@)", "\n" + text.strip() + "\n"):
        if not block.strip():
            continue
        try:
            rows.append(_read_block(block.strip(), lang))
        except MarkupError as error:
            faults.append(str(error))
    seen: set[str] = set()
    for row in rows:
        if row["id"] in seen:
            faults.append(f"{row['id']}: this id stands twice")
        seen.add(row["id"])
    return rows, faults + _pair_faults(rows)


def strip_spans(text: str, where: str) -> tuple[str, list[tuple[str, str, int, int]]]:
    """Plain text and spans ``(code, argument, start, end)``; offsets count characters of the plain text."""
    plain: list[str] = []
    length = at = 0
    spans: list[tuple[str, str, int, int]] = []
    stack: list[tuple[str, str, int]] = []
    for match in _TOKEN.finditer(text):
        piece = text[at : match.start()]
        plain.append(piece)
        length += len(piece)
        at = match.end()
        if match.group() == "]]":
            if not stack:
                raise MarkupError(f"{where}: ']]' closes nothing in {text!r}")
            code, argument, start = stack.pop()
            spans.append((code, argument, start, length))
        else:
            stack.append((match.group(1), match.group(2) or "", length))
    if stack:
        raise MarkupError(f"{where}: '[[{stack[-1][0]}|' is not closed in {text!r}")
    plain.append(text[at:])
    return "".join(plain), spans


def _read_block(block: str, lang: str) -> dict[str, Any]:
    head, *lines = block.splitlines()
    match = _HEADER.match(head)
    if not match:
        raise MarkupError(f"{head!r}: expected '@number[a|b] yes|no venue scenario'")
    number, side, label, venue, scenario = match.groups()
    where = f"{lang}-{number}{side}"
    fields = _fields(lines, where)
    row: dict[str, Any] = {
        "id": where,
        "lang": lang,
        "venue": venue,
        "scenario": scenario,
        "pair": f"{lang}-{number}" if side else None,
        "title": "",
        "description": "",
        "price": None,
        "currency": None,
        "seller": fields.get("S") or None,
        "counterfeit": label == "yes",
        "cues": [],
        "brands": [],
        "compatible_with": [],
        "contacts": [],
        "why": fields.get("W", ""),
    }
    for key, field in (("T", "title"), ("D", "description")):
        _fill(row, field, fields.get(key, ""), where)
    _price(row, fields.get("P"), where)
    for cue in (fields.get("C") or "").replace(",", " ").split():
        if cue not in CUE_CODES.values():
            raise MarkupError(f"{where}: unknown cue {cue!r} in line C")
        row["cues"].append({"cue": cue, "text": None, "field": None, "start": None, "end": None})
    if not row["title"]:
        raise MarkupError(f"{where}: no title (line 'T: …')")
    if not row["why"]:
        raise MarkupError(f"{where}: no reason (line 'W: …')")
    return row


def _fields(lines: list[str], where: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    key = ""
    for line in lines:
        if re.match(r"^[TDPSCW]:", line):
            key = line[0]
            if key in fields:
                raise MarkupError(f"{where}: line {key} stands twice")
            fields[key] = line[2:].strip()
        elif key and line.strip():
            fields[key] += "\n" + line.strip()
    return {key: value.replace("\\n", "\n") for key, value in fields.items()}


def _fill(row: dict[str, Any], field: str, marked: str, where: str) -> None:
    text, spans = strip_spans(marked, where)
    row[field] = text
    for code, argument, start, end in sorted(spans, key=lambda span: (span[2], -span[3])):
        span = {"text": text[start:end], "field": field, "start": start, "end": end}
        if not text[start:end].strip():
            raise MarkupError(f"{where}: empty span [[{code}|]]")
        if code in CUE_CODES:
            row["cues"].append({"cue": CUE_CODES[code], **span})
        elif code in ("B", "f") and argument:
            row["brands" if code == "B" else "compatible_with"].append({"brand": argument, **span})
        elif code == "k" and argument in CONTACT_KINDS:
            row["contacts"].append({"kind": argument, "value": span["text"], **span})
        else:
            raise MarkupError(f"{where}: unknown code [[{code}:{argument}|…]]")


def _price(row: dict[str, Any], given: str | None, where: str) -> None:
    if not given:
        return
    match = _PRICE.match(given)
    if not match:
        raise MarkupError(f"{where}: price {given!r} is not 'number ISO-currency', like '1299.00 EUR'")
    row["price"], row["currency"] = float(match.group(1)), match.group(2)


def _pair_faults(rows: list[dict[str, Any]]) -> list[str]:
    pairs: dict[str, list[bool]] = {}
    for row in rows:
        if row["pair"]:
            pairs.setdefault(row["pair"], []).append(row["counterfeit"])
    return [
        f"{pair}: a pair needs one yes and one no, not {labels}"
        for pair, labels in pairs.items()
        if sorted(labels) != [False, True]
    ]


def main() -> int:
    """``python -m training.markup FILE.txt… [-o LANG.jsonl]``: checks, counts and converts."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("files", nargs="+", type=Path, help="named by language: es.txt, es-2.txt")
    parser.add_argument("-o", "--output", type=Path)
    options = parser.parse_args()
    lang = options.files[0].stem.split("-")[0]
    rows, faults = read_markup("\n\n".join(f.read_text("utf-8") for f in options.files), lang)
    for fault in faults:
        print(fault, file=sys.stderr)
    yes = sum(row["counterfeit"] for row in rows)
    pairs = sum(1 for row in rows if row["pair"]) // 2
    scenarios = len({row["scenario"] for row in rows})
    print(
        f"{lang}: {len(rows)} listings, {yes} yes, {pairs} pairs, {scenarios} scenarios, {len(faults)} faults"
    )
    if options.output and not faults:
        with options.output.open("w", encoding="utf-8") as out:
            out.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
