#!/usr/bin/env python3
"""corpora.py FOLDER: prints the labelled corpora wikigold, wnut17_train and btc (CC BY 4.0) in the form of sentences.py.

FOLDER has a folder each, with docs.jsonl `{doc_id, text}` and gold.jsonl `{doc_id, start, end, type}`, offsets in code points.
Account names (@name) are labelled as people in one corpus and not in another; here they are not.
"""
import collections
import json
import pathlib
import sys

LABELS = {
    "PER": "PERSON", "person": "PERSON", "LOC": "PLACE", "location": "PLACE", "ORG": "ORGANISATION",
    "corporation": "ORGANISATION", "group": "ORGANISATION", "MISC": "THING", "product": "THING", "creative-work": "THING",
}
folder = pathlib.Path(sys.argv[1])
for corpus in ("btc", "wikigold", "wnut17_train"):
    gold = collections.defaultdict(list)
    for line in (folder / corpus / "gold.jsonl").read_text().splitlines():
        span = json.loads(line)
        gold[span["doc_id"]].append((span["start"], span["end"], LABELS[span["type"]]))
    for line in (folder / corpus / "docs.jsonl").read_text().splitlines():
        doc = json.loads(line)
        text = doc["text"]
        spans = [s for s in sorted(gold[doc["doc_id"]]) if not text[max(0, s[0] - 1) : s[0] + 1].strip().startswith("@")]
        print(json.dumps({"text": text, "spans": spans}, ensure_ascii=False))
        # Once more as people type it on a telephone.
        if len(text.lower()) == len(text) and len(text) % 4 == 0:
            print(json.dumps({"text": text.lower(), "spans": spans}, ensure_ascii=False))
