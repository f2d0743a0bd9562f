"""The same question by DuckDB, over the same accesses and facts as Parquet; and whether the answers agree.

    duck.py FOLDER ACCESSES_AN_HOUR..

What is generated follows `src/world.rs`, sum by sum. The answers of `scope-bench ask` lie in FOLDER/answers.json. Prints rows
for docs/performance.md; fails if an answer differs.
"""

import json
import pathlib
import sys
import time

import duckdb

CREDENTIALS, HOURS, OBJECTS, PEOPLE, STEP, ASKED = 1000, 720, 1_250_000, 10_000_000, 741_457, 500
ASKS = 5
NAME, EMAIL, SSN, BIRTH, CARD, PHONE = (1 << bit for bit in range(6))
KINDS = [NAME | EMAIL, SSN, NAME | BIRTH, EMAIL | CARD, PHONE]
TYPES = {"name": NAME, "email": EMAIL, "ssn": SSN, "birth-date": BIRTH, "card": CARD, "phone": PHONE}
COMBINATIONS = [NAME | SSN, NAME | CARD, NAME | BIRTH]

folder = pathlib.Path(sys.argv[1])
ours = json.loads((folder / "answers.json").read_text())
db = duckdb.connect()
db.execute(f"SET memory_limit = '6GB'; SET temp_directory = '{folder / 'duck'}'")

facts = folder / "facts.parquet"
kinds = " ".join(f"WHEN {kind} THEN {mask}" for kind, mask in enumerate(KINDS))
db.execute(f"""COPY (
    SELECT ordinal::INTEGER AS ordinal, subject::INTEGER AS subject,
        (CASE (ordinal + subject) % 5 {kinds} END)::SMALLINT AS types
    FROM (SELECT ordinal, (ordinal * 8 + (one * one * 31 + one * 197 + ordinal * 17) % 10000) % {PEOPLE} + 1 AS subject
        FROM (SELECT ordinal, UNNEST(range(ordinal * 7 % 79 + 1)) AS one FROM range(1, {OBJECTS + 1}) o(ordinal)))
    ) TO '{facts}' (FORMAT parquet, COMPRESSION zstd)""")

print("| accesses as Parquet | bytes | median of 5 ms | ours p50 ms | ratio | answers |\n|---|---|---|---|---|---|")
for each in sys.argv[2:]:
    events = folder / f"events-{each}.parquet"
    db.execute(f"""COPY (
        SELECT (hour * 3600)::BIGINT AS moment, credential::SMALLINT AS credential, 40000::BIGINT AS sent,
            (((hour * {each} + access) + credential * 7919) * {STEP} % {OBJECTS} + 1)::INTEGER AS ordinal
        FROM range({HOURS}) h(hour), range({CREDENTIALS}) c(credential), range({each}) a(access)
        ) TO '{events}' (FORMAT parquet, COMPRESSION zstd)""")
    counts = [f"count(*) FILTER (types & {mask} = {mask})" for mask in [*TYPES.values(), *COMBINATIONS]]
    question = f"""
        WITH touched AS (SELECT DISTINCT ordinal FROM '{events}' WHERE credential = {ASKED} AND moment >= 0 AND moment < {HOURS} * 3600),
        people AS (SELECT subject, bit_or(types) AS types FROM '{facts}' SEMI JOIN touched USING (ordinal) GROUP BY subject)
        SELECT (SELECT count(*) FROM touched), count(*), {", ".join(counts)} FROM people"""
    took = []
    for _ in range(ASKS):
        begun = time.monotonic()
        answer = db.execute(question).fetchone()
        took.append((time.monotonic() - begun) * 1000)
    versions, people, *rest = answer
    theirs = {
        "versions": versions,
        "people": people,
        "types": {word: count for word, count in zip(TYPES, rest) if count},
        "combinations": rest[len(TYPES) :],
    }
    known = ours[each]
    same = all(theirs[what] == known[what] for what in theirs)
    median = sorted(took)[ASKS // 2]
    print(
        f"| {CREDENTIALS * HOURS * int(each)} | {events.stat().st_size + facts.stat().st_size} | {median:.0f} "
        f"| {known['p50_ms']:.1f} | {median / known['p50_ms']:.1f} | {'the same' if same else 'DIFFER'} |"
    )
    if not same:
        sys.exit(f"DuckDB says {theirs}, we say {known}")
    events.unlink()
