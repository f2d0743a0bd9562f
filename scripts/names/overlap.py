#!/usr/bin/env python3
"""overlap.py TEXTS DOCS...: how much of some evaluation texts stands in the training texts.

TEXTS is what sentences.py and corpora.py print; DOCS are files of `{doc_id, text}` lines. Prints for each how many of its documents
share a run of seven words with TEXTS, names and numbers included, and some of those runs.
"""
import json
import re
import sys

RUN = 7
WORD = re.compile(r"[^\W_]+")


def runs(text):
    words = WORD.findall(text.lower())
    return {" ".join(words[at : at + RUN]) for at in range(len(words) - RUN + 1)}


trained = set()
for line in open(sys.argv[1], encoding="utf-8"):
    trained |= runs(json.loads(line)["text"])
for path in sys.argv[2:]:
    shared, documents = [], 0
    for line in open(path, encoding="utf-8"):
        documents += 1
        both = sorted(runs(json.loads(line)["text"]) & trained)
        if both:
            shared.append(both[0])
    print(f"{path}: {len(shared)} of {documents}", *shared[:5], sep="\n  ")
