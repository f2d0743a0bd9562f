#!/usr/bin/env python3
"""sentences.py INPUTS LISTS COUNT: prints COUNT generated, labelled texts, one JSON object a line.

Each form of forms/*.txt has slots that are filled here:

  {P} a person in any form   {F} a given name   {FU} one in capitals   {L} a surname   {LF} "Last, First"   {T} a title
  {I2} initials   {A} a postal address   {S} a street with a number   {C} a town   {K} a country   {O} an organisation
  {M} another thing with a name   {J} a job   {R} a common word, capitalised   {Y} a disease's namesake   {W} a month or day
  {LO} a firm named after people   {SH} a hospital, {PS} a person's name in the name of a street or house   {ST} a street
  {D} a date   {N} a small number   {B} a big one   {G} an age   {E} {H} {U} {I} {IP} e-mail, phone, user name, code, address

Labels: PERSON, ADDRESS, PLACE, ORGANISATION, THING. The same arguments print the same lines.
"""
import json
import pathlib
import random
import re
import sys

inputs, lists, count = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), int(sys.argv[3])
sys.path.insert(0, str(inputs))
import faker  # noqa: E402

chance = random.Random(20261124)


def below(n):
    return int(chance.random() * n)


def pick(items):
    return items[below(len(items))]


def often(items):
    """Of a list by frequency: the earlier the likelier."""
    return items[int(len(items) * chance.random() ** 3)]


def odds(p):
    return chance.random() < p


inventory = json.loads((lists / "inventory.json").read_text())
US, LOCALES, TOWNS, COUNTRIES, COMMON = (inventory[k] for k in ("us", "locales", "towns", "countries", "common"))
ENGLISH = ["en_US", "en_GB", "en_IE", "en_IN", "en_NZ", "en", "en_KE", "en_NG", "en_PK"]
OF_FORM = {
    "en": None,
    "es": ["es_ES", "es_MX", "es_AR", "es_CO", "es_CL", "es_CA"],
    "fr": ["fr_FR", "fr_CA", "fr_CH", "fr_BE", "fr_DZ"],
    "de": ["de_DE", "de_AT", "de_CH"],
    "it": ["it_IT"],
    "pt": ["pt_BR", "pt_PT"],
    "nl": ["nl_NL", "nl_BE"],
    "more": None,
}
ADDRESS_LOCALES = "en_US en_US en_US en_GB en_CA en_AU en_IN en_NZ en_IE de_DE de_AT de_CH fr_FR fr_CA fr_CH es_ES es_MX es_CL es_CO es_AR it_IT pt_BR pt_PT nl_NL nl_BE da_DK fi_FI no_NO sv_SE pl_PL cs_CZ sk_SK sl_SI hu_HU ro_RO hr_HR id_ID fil_PH".split()
FAKERS = {}
for locale in sorted(set(ADDRESS_LOCALES)):
    FAKERS[locale] = faker.Faker(locale)
    FAKERS[locale].seed_instance(7)
COMPANY_LOCALES = "en_US en_US en_US en_US de_DE fr_FR es_ES it_IT nl_NL pt_BR sv_SE fi_FI pl_PL".split()

# Written here, by hand: what has a capital and is no person.
THINGS = """French German Spanish Italian Russian Chinese Japanese Arabic Dutch Polish Turkish Swedish Greek Hindi English American British
Canadian Mexican Indian African European Asian Muslim Christian Jewish Buddhist Hindu Catholic Democrat Republican Excel Windows Linux Android
iPhone Netflix Spotify YouTube Photoshop PowerPoint Outlook Gmail Bitcoin PlayStation Xbox Kindle Tesla Toyota Corolla Mustang Boeing
Titanic Casablanca Hamlet Dracula Frankenstein Genesis Exodus Ramadan Easter Christmas Thanksgiving Halloween Brexit Olympics Champions
Bluetooth Ethernet JavaScript Kubernetes PostgreSQL Redis TikTok Instagram Lego Nutella Pepsi Marlboro Viagra Prozac Tylenol""".split()
WORKS = ["The Long Road", "Gone by Morning", "A Quiet Place to Stand", "Blue Harvest Moon", "The Last Cartographer", "Dancing with Rivers", "Second Winter", "The Glass Orchard", "Letters to Nobody", "Red Sky Blues", "World Cup", "Super Bowl", "Grammy Awards", "Civil War", "Second World War", "Cold War", "Industrial Revolution", "Good Friday", "Air Force", "Star Wars", "Game of Thrones", "Harry Potter and the Goblet of Fire", "Sergeant Pepper", "Lord of the Flies"]
ORGANISATIONS = """Google Microsoft Amazon Apple Facebook Siemens Bosch Renault Nestle Samsung Sony Toyota IBM Oracle NATO UNESCO UNICEF NASA FBI CIA BBC CNN
Reuters Bloomberg Deutsche Bank|Bank of America|Goldman Sachs|Morgan Stanley|JP Morgan|Wells Fargo|Johnson & Johnson|Procter & Gamble|Marks & Spencer|
Royal Dutch Shell|British Airways|Air France|Lufthansa|Manchester United|Real Madrid|Arsenal|Chelsea|Liverpool|Juventus|Bayern|New York Yankees|Red Sox|Lakers|
European Union|United Nations|World Health Organization|Red Cross|Supreme Court|House of Commons|State Department|Ministry of Health|Labour Party|
Harvard|Stanford University|University of Oxford|MIT|Mayo Clinic|Mount Sinai|Cleveland Clinic|Walmart|Tesco|Lidl|Ikea|Zara|Nike|Adidas|Puma"""
ORGANISATIONS = [o.strip() for part in ORGANISATIONS.split("|") for o in (part.split() if "\n" not in part and part.count(" ") > 8 else [part]) if o.strip()]
ORGANISATIONS = [o for part in ORGANISATIONS for o in (part.split() if part.startswith("Google") else [" ".join(part.split())])]
SUFFIXES = ["Inc", "Inc.", "LLC", "Ltd", "Ltd.", "GmbH", "AG", "S.A.", "Corp", "Group", "Partners", "Labs", "Systems", "Bank", "Hospital", "Clinic", "University", "College", "Airlines", "Insurance", "Media", "Foundation", "Institute", "Holdings", "Consulting", "FC", "United", "Motors", "Pharma", "Solutions", "Technologies", "Health", "Medical Center", "School District", "County Council", "Police Department"]
NAMESAKES = "Hodgkin Parkinson Alzheimer Crohn Addison Cushing Graves Hashimoto Paget Wilson Gaucher Fabry Behçet Raynaud Marfan Turner Down Klinefelter Tourette Huntington Asperger Barrett Bowen Gleason Fuhrman Murphy Babinski Romberg Lasègue Doppler Gram Giemsa Pap Kaposi Wegener Kawasaki Sjögren Peyronie Wilms Foley Fournier Bosniak Blumberg".split()
MONTHS = "January February March April May June July August September October November December Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
TITLES = ["Mr.", "Mrs.", "Ms.", "Dr.", "Mr", "Mrs", "Ms", "Miss", "Dr", "Prof.", "Professor", "Sir", "Madam"]
TITLES_OF = {
    "es": ["Sr.", "Sra.", "Dr.", "Dra.", "D.", "Dña.", "Don", "Doña"], "fr": ["M.", "Mme", "Mlle", "Dr", "Me"],
    "de": ["Herr", "Frau", "Dr.", "Prof. Dr."], "it": ["Sig.", "Sig.ra", "Dott.", "Dott.ssa", "Avv."],
    "pt": ["Sr.", "Sra.", "Dr.", "Dra."], "nl": ["dhr.", "mevr.", "dr.", "drs."],
}
PARTICLES = ["de", "de la", "del", "van", "van der", "van den", "von", "von der", "di", "da", "dos", "du", "le", "al-", "el-", "bin", "ibn", "ben", "O'", "D'", "Mac", "Mc", "St. ", "ten", "af", "zu"]
SYLLABLES = "ka mi ra to shi ne lo va dri el an or is the ma ro be na li so ya ku ha jo re wen qi zha bo ti fe nu gar del mon ter sen vik chu ngu oba ade kwa ife sin dip pra esh ush kri mur tha".split()
JOBS = "engineer manager director nurse teacher spokesman spokeswoman chairman analyst lawyer accountant secretary president treasurer designer editor producer trainer coach plumber clerk officer consultant".split()


def invented():
    """A word that sounds like a name from somewhere."""
    word = "".join(pick(SYLLABLES) for _ in range(2 + below(2)))
    return word[:1].upper() + word[1:]


def locale_of(form):
    wanted = OF_FORM[form]
    if wanted and odds(0.85):
        return pick([l for l in wanted if l in LOCALES])
    if form == "en" and odds(0.45):
        return "us" if odds(0.7) else pick([l for l in ENGLISH if l in LOCALES])
    return pick(sorted(LOCALES))


def given(locale):
    if odds(0.04):
        return invented()
    return often(US["given"]) if locale == "us" else pick(LOCALES[locale]["given"])


def surname(locale):
    if odds(0.05):
        return invented()
    if odds(0.05):
        particle = pick(PARTICLES)
        glue = "" if particle[-1] in "-'c " else " "
        return f"{particle}{glue}{pick(US['surname'][:4000]) if odds(.3) else pick(LOCALES[pick(sorted(LOCALES))]['surname'])}"
    return often(US["surname"]) if locale == "us" else pick(LOCALES[locale]["surname"])


def person(locale, form):
    f, l = given(locale), surname(locale)
    x = chance.random()
    double = locale.startswith(("es_", "pt_")) and odds(0.6)
    if double:
        l = f"{l} {'y ' if odds(.05) else ''}{surname(locale)}"
    if x < 0.44:
        name = f"{f} {l}"
    elif x < 0.58:
        name = f
    elif x < 0.63:
        name = l
    elif x < 0.70:
        name = f"{f} {pick(given(locale))}. {l}"
    elif x < 0.74:
        name = f"{f} {pick(given(locale))} {l}"
    elif x < 0.78:
        name = f"{f} {given(locale)} {l}"
    elif x < 0.82:
        name = f"{f[0]}. {l}" if odds(0.7) else f"{f[0]}.{pick(f).upper()}. {l}"
    elif x < 0.85:
        name = f"{f}-{given(locale)} {l}" if odds(0.5) else f"{f} {l}-{surname(locale)}"
    elif x < 0.88:
        name = f"{f} {l}".upper()
    elif x < 0.90:
        name = f"{f} {l.upper()}"
    elif x < 0.92:
        name = f"{l}, {f}"
    elif x < 0.935:
        name = f"{l} {f}"
    elif x < 0.945:
        name = f'{f} "{given(locale)}" {l}'
    elif x < 0.97:
        title = pick(TITLES_OF.get(form, TITLES))
        return [(title + " ", None), (f"{f} {l}" if odds(0.5) else l, "PERSON")]
    else:
        name = f"{f} {l}{pick([' Jr.', ' Jr', ' Sr.', ' III', ' II'])}"
    return [(name, "PERSON")]


def town(locale=None):
    return pick(TOWNS)[0]


def capitals(text):
    return text.upper() if odds(0.15) else text


def street():
    locale = pick(ADDRESS_LOCALES)
    fake = FAKERS[locale]
    x = chance.random()
    line = fake.street_address().replace("\n", ", ")
    if x < 0.15:
        line = f"{1 + below(9999)} {line}"
    elif x < 0.25:
        line = f"{fake.street_name()} {1 + below(300)}"
    elif x < 0.35:
        line = f"{1 + below(9999)} {fake.street_name()}"
    if odds(0.15):
        line = f"{line}{pick([' ', ', ', chr(10)])}{pick(['Apt.', 'Apt', 'Suite', 'Unit', '#', 'Flat', 'Floor', 'Ste', 'Room'])} {1 + below(999)}"
    return line


def postcode(fake):
    try:
        return fake.postcode()
    except AttributeError:
        return f"{10000 + below(89999)}"


def state(fake):
    for name in pick([["state_abbr", "state", "province", "administrative_unit"], ["state", "state_abbr", "province"]]):
        try:
            return getattr(fake, name)()
        except (AttributeError, ValueError, IndexError):
            continue
    return town()


def address():
    locale = pick(ADDRESS_LOCALES)
    fake = FAKERS[locale]
    if odds(0.3):
        return fake.address().replace("\n", pick(["\n", ", ", "\n ", " "]))
    if odds(0.05):
        return f"P.O. Box {1 + below(9999)}, {town()}"
    city = town() if odds(0.5) else fake.city()
    pieces = [street()]
    x = chance.random()
    if x < 0.25:
        pieces.append(f"{postcode(fake)} {capitals(city)}")
    elif x < 0.5:
        pieces += [capitals(city), f"{state(fake)} {postcode(fake)}"]
    elif x < 0.6:
        pieces += [f"{capitals(city)} {state(fake)}"]
    elif x < 0.75:
        pieces += [capitals(city), postcode(fake)]
    else:
        pieces += [capitals(city)]
    y = chance.random()
    if y < 0.2:
        pieces.append(pick(COUNTRIES))
    elif y < 0.3:
        pieces.append(f"{pick(COUNTRIES)} {postcode(fake)}")
    elif y < 0.35:
        pieces.append(locale[3:])
    elif y < 0.38:
        pieces[-1] = pieces[-1] + f" {locale[3:]}"
    glue = pick([", ", ", ", ", ", "\n", "\n", " ", " ", "\n ", ",\n", "; ", "\n, "])
    return glue.join(pieces)


def organisation(locale):
    x = chance.random()
    if x < 0.25:
        return pick(ORGANISATIONS)
    if x < 0.55:
        return FAKERS[pick([l for l in COMPANY_LOCALES if l in FAKERS])].company()
    if x < 0.7:
        return f"{surname(locale)} {pick(SUFFIXES)}"
    if x < 0.85:
        return f"{word()} {pick(SUFFIXES)}"
    if x < 0.93:
        return f"{word()} {word()} {pick(SUFFIXES)}"
    return f"{town()} {pick(SUFFIXES)}"


def firm(locale):
    a, b, c = (surname(locale) for _ in range(3))
    return pick([f"{a}-{b}", f"{a}, {b} and {c}", f"{a} & {b}", f"{a} and {b}", f"{a}, {b} & {c} LLP", f"{a} {pick(SUFFIXES)}", f"{a}{word().lower()}"])


def namesake(locale):
    f, l = given(locale), surname(locale)
    return pick([f"{f} {l}", l, f"{l} {surname(locale)}", f"San {f}", f"Santa {f}", f"de la {word()}", f"{f} {l} {surname(locale)}"])


def hospital(locale):
    name = namesake(locale)
    return pick([f"Hospital {name}", f"Hospital Universitario {name}", f"Hospital Clínico {name}", f"Clínica {name}", f"Fundación {name}", f"St. {given(locale)} Hospital", f"{surname(locale)} Medical Center", f"{name} Clinic", f"Hôpital {name}", f"Klinikum {town()}", f"Ospedale {name}", f"Hospital General de {town()}", f"{town()} General Hospital", f"Complejo Hospitalario de {town()}"])


def word():
    return pick(COMMON).capitalize()


def thing():
    return pick(WORKS) if odds(0.3) else pick(THINGS)


def date():
    d, m, y = 1 + below(28), 1 + below(12), 1930 + below(95)
    month = MONTHS[m - 1]
    return pick([f"{m}/{d}/{y}", f"{d:02}.{m:02}.{y}", f"{y}-{m:02}-{d:02}", f"{d} {month} {y}", f"{month} {d}, {y}", f"{d}/{m:02}/{y % 100:02}", f"{month[:3]} {d}"])


def code():
    return pick(["#", "AC-", "INV", "T", "CLM-", "", "X"]) + "".join(str(below(10)) for _ in range(5 + below(5)))


def fill(slot, locale, form):
    """The pieces that a slot becomes: text and label."""
    match slot:
        case "P":
            return person(locale, form)
        case "F":
            return [(given(locale), "PERSON")]
        case "FU":
            return [(given(locale).upper(), "PERSON")]
        case "L":
            return [(surname(locale), "PERSON")]
        case "LF":
            name = f"{surname(locale)}, {given(locale)}{pick(['', '', ' ' + given(locale)[0], ' ' + given(locale)[0] + '.'])}"
            return [(name.upper() if odds(0.2) else name, "PERSON")]
        case "I2":
            return [(f"{given(locale)[0]}", "PERSON")]
        case "T":
            return [(pick(TITLES_OF.get(form, TITLES)), None)]
        case "A":
            return [(address(), "ADDRESS")]
        case "S":
            return [(street(), "ADDRESS")]
        case "C":
            return [(town(), "PLACE")]
        case "K":
            return [(pick(COUNTRIES), "PLACE")]
        case "O":
            return [(organisation(locale), "ORGANISATION")]
        case "LO":
            return [(firm(locale), "ORGANISATION")]
        case "SH":
            return [(hospital(locale), "ORGANISATION")]
        case "PS":
            return [(namesake(locale), None)]
        case "ST":
            return [(FAKERS[pick(ADDRESS_LOCALES)].street_name(), "ADDRESS")]
        case "M":
            return [(thing(), "THING")]
        case "J":
            job = pick(JOBS)
            return [(job.capitalize() if odds(0.3) else job, None)]
        case "R":
            return [(word(), None)]
        case "Y":
            return [(pick(NAMESAKES), None)]
        case "W":
            return [(pick(MONTHS), None)]
        case "D":
            return [(date(), None)]
        case "N":
            return [(str(1 + below(99)), None)]
        case "B":
            return [(str(10000 + below(10**8)), None)]
        case "G":
            return [(str(1 + below(98)), None)]
        case "E":
            return [(f"{given(locale).lower()}.{surname(locale).lower()}@example.com".replace(" ", ""), None)]
        case "H":
            return [(f"+{1 + below(98)} {below(1000):03} {below(10**7):07}" if odds(0.5) else f"({below(1000):03}) 555-{below(10**4):04}", None)]
        case "U":
            return [(f"{given(locale).lower()}{below(99)}", None)]
        case "I":
            return [(code(), None)]
        case "IP":
            return [(f"10.{below(255)}.{below(255)}.{below(255)}", None)]
    raise ValueError(slot)


SLOT = re.compile(r"\{([A-Z][A-Z0-9]*)\}")


# Streets and houses that are spelt out round a namesake are labelled with it.
AROUND = [
    (re.compile(r"(?:C/|Calle|Avda\.|Av\.|Rue|Via|Rua) $"), re.compile(r"^,? \d+(?:, \d+º B)?"), "ADDRESS"),
    (re.compile(r"(?:Hospital|Hôpital|Ospedale|Fundación|Instituto|Escuela de Enfermería) $"), re.compile(r"^"), "ORGANISATION"),
    (re.compile(r"$"), re.compile(r"^(?:-Straße|straat) \d+"), "ADDRESS"),
]


def named_after(text, start, end):
    """The span and label of a namesake with what stands round it."""
    for before, after, label in AROUND:
        head, tail = before.search(text[:start]), after.search(text[end:])
        if head and tail:
            return [head.start(), end + tail.end(), label]
    return None


def realise(form_text, form):
    locale = locale_of(form)
    text, spans, namesakes = "", [], []
    for index, piece in enumerate(SLOT.split(form_text)):
        parts = fill(piece, locale, form) if index % 2 else [(piece, None)]
        # People in one text are not all from one place.
        if index % 2 and odds(0.2):
            locale = locale_of(form)
        if index % 2 and piece == "PS":
            namesakes.append((len(text), len(text) + len(parts[0][0])))
        for value, label in parts:
            if label:
                spans.append([len(text), len(text) + len(value), label])
            text += value
    spans += [span for span in (named_after(text, *n) for n in namesakes) if span]
    return text, sorted(spans)


def recase(text, spans):
    """Some texts are typed without capitals, a few with nothing else."""
    x = chance.random()
    if x < 0.14:
        changed = text.lower()
    elif x < 0.18:
        changed = text.upper()
    else:
        return text
    return changed if len(changed) == len(text) else text


def forms():
    for path in sorted((pathlib.Path(__file__).parent / "forms").glob("*.txt")):
        lines = [l for l in path.read_text().splitlines() if l and not l.startswith("# ")]
        yield path.stem, [l.replace("\\n", "\n").replace("\\t", "\t") for l in lines]


FORMS = dict(forms())
SHARES = {"en": 0.62, "es": 0.10, "fr": 0.06, "de": 0.07, "it": 0.04, "pt": 0.04, "nl": 0.04, "more": 0.03}
for language, share in SHARES.items():
    lines = FORMS[language]
    for n in range(int(count * share)):
        text, spans = realise(lines[n % len(lines)], language)
        if odds(0.25) and "\n" not in text:
            more, later = realise(pick(lines), language)
            glue = pick([" ", "\n", " ", "\n\n"])
            spans += [[s + len(text) + len(glue), e + len(text) + len(glue), l] for s, e, l in later]
            text += glue + more
        text = recase(text, spans)
        print(json.dumps({"text": text, "spans": spans}, ensure_ascii=False))
