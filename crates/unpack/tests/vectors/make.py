#!/usr/bin/env python3
"""Makes the test vectors here, with Python's own writers and the `zstd` program: `python3 make.py`.

All people are invented. The files are ours, under the project's licence."""

import bz2
import gzip
import io
import json
import pathlib
import random
import subprocess
import tarfile
import zipfile

HERE = pathlib.Path(__file__).parent
chance = random.Random(4)


def person(number):
    first = chance.choice(["Ada", "Grace", "Alan", "Edsger", "Barbara", "Donald"])
    return first, f"{first.lower()}{number}@example.org", f"+1 212-555-{number:04}"


def prose(people):
    lines = []
    for number in range(people):
        first, mail, phone = person(number)
        filler = " ".join(chance.choice("data model paper train token batch layer".split()) for _ in range(20))
        lines.append(f"{first} wrote: {filler}. Write to {mail} or call {phone}.\n\n")
    return "".join(lines)


def rows(people):
    return "".join(json.dumps({"name": first, "email": mail}) + "\n" for first, mail, _ in map(person, range(people)))


def save(name, data):
    (HERE / name).write_bytes(data)


def tar(members, format):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=format) as archive:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        link = tarfile.TarInfo("latest")
        link.type, link.linkname = tarfile.SYMTYPE, "../../etc/passwd"
        archive.addfile(link)
    return buffer.getvalue()


text = prose(40).encode()
jsonl = rows(30).encode()
save("prose.txt", text)
save("rows.jsonl", jsonl)
save("prose.txt.gz", gzip.compress(text, mtime=0))
save("two-members.txt.gz", gzip.compress(text[:1000], mtime=0) + gzip.compress(text[1000:], mtime=0))
save("prose.txt.bz2", bz2.compress(text[:2000]) + bz2.compress(text[2000:]))
save("prose.txt.zst", subprocess.run(["zstd", "-q", "-19", "--check", "-c"], input=text, stdout=subprocess.PIPE, check=True).stdout)

long = "a-folder-with-a-long-name/" * 8 + "rows.jsonl"
members = [("prose.txt", text), (long, jsonl)]
save("pax.tar", tar(members, tarfile.PAX_FORMAT))
save("gnu.tar.gz", gzip.compress(tar(members, tarfile.GNU_FORMAT), mtime=0))

buffer = io.BytesIO()
with zipfile.ZipFile(buffer, "w") as archive:
    for name, method in [
        ("stored.txt", zipfile.ZIP_STORED),
        ("deflated.txt", zipfile.ZIP_DEFLATED),
        ("bzip2.txt", zipfile.ZIP_BZIP2),
        ("lzma.txt", zipfile.ZIP_LZMA),
        ("../out.txt", zipfile.ZIP_DEFLATED),
    ]:
        archive.writestr(zipfile.ZipInfo(name), text, compress_type=method)
save("methods.zip", buffer.getvalue())

samples = []
for number in range(3):
    first, mail, phone = person(number)
    samples.append((f"{number:06}.txt", f"A portrait of {first}, {mail}".encode()))
    samples.append((f"{number:06}.json", json.dumps({"model": {"phone": phone}}).encode()))
    samples.append((f"{number:06}.mp4", b"\0\0\0\x18ftypmp42" + bytes(20)))
save("samples.tar", tar(samples, tarfile.PAX_FORMAT))


def documents():
    """DOCX, XLSX, ODT and PDF by the libraries that people use: `pip install python-docx openpyxl odfpy reportlab fpdf2`."""
    import docx
    import odf.opendocument
    import odf.text
    import openpyxl
    from fpdf import FPDF
    from reportlab.lib.pagesizes import A4
    from reportlab.pdfgen import canvas

    people = [person(number) for number in range(6)]

    document = docx.Document()
    document.core_properties.author = "Ada, ada99@example.org"
    for first, mail, _ in people[:2]:
        paragraph = document.add_paragraph(f"{first} wrote from ")
        # A word processor cuts a run wherever a property changes.
        paragraph.add_run(mail[:4]).bold = True
        paragraph.add_run(mail[4:])
    table = document.add_table(rows=1, cols=2)
    table.rows[0].cells[0].text, table.rows[0].cells[1].text = "name", "phone"
    for first, _, phone in people[2:4]:
        cells = table.add_row().cells
        cells[0].text, cells[1].text = first, phone
    document.save(HERE / "letter.docx")

    workbook = openpyxl.Workbook()
    sheet = workbook.active
    sheet.append(["name", "email", "ssn"])
    for number, (first, mail, _) in enumerate(people):
        sheet.append([first, mail, 536221230 + number])
    workbook.save(HERE / "people.xlsx")

    text = odf.opendocument.OpenDocumentText()
    for first, mail, _ in people:
        text.text.addElement(odf.text.P(text=f"{first}, {mail}"))
    text.save(HERE / "letter.odt")

    page = canvas.Canvas(str(HERE / "report.pdf"), pagesize=A4, invariant=1)
    page.setAuthor("ada99@example.org")
    for first, mail, phone in people[:3]:
        page.drawString(72, 700, f"{first} wrote from {mail}")
        page.drawString(72, 680, f"Phone: {phone}")
        page.showPage()
    page.save()

    locked = canvas.Canvas(str(HERE / "locked.pdf"), encrypt="secret", invariant=1)
    locked.drawString(72, 700, people[0][1])
    locked.save()

    embedded = FPDF()
    embedded.set_creation_date(__import__("datetime").datetime(2026, 1, 1, tzinfo=__import__("datetime").UTC))
    embedded.add_page()
    embedded.add_font("DejaVu", fname="/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")
    embedded.set_font("DejaVu", size=12)
    for first, mail, _ in people[:2]:
        embedded.cell(text=f"{first} — {mail}", new_x="LMARGIN", new_y="NEXT")
    embedded.output(HERE / "embedded-font.pdf")


documents()
