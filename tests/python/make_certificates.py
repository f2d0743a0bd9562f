"""Makes the certificates that tests serve TLS with: an authority, and two servers' certificates under it.

    .cache/venv/bin/python tests/python/make_certificates.py crates/testkit/content/certificates

They are kept in the repository, so that tests need no network and no tool; their keys protect nothing. The first one's last
day is written as GeneralizedTime, the second one's as UTCTime: RFC 5280 changes form in 2050.
"""

import datetime
import ipaddress
import pathlib
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

FROM = datetime.datetime(2024, 1, 1)
UNTIL = {
    "authority": datetime.datetime(2124, 1, 1),
    "first": datetime.datetime(2124, 1, 1),
    "second": datetime.datetime(2049, 6, 1),
}
NAMES = [x509.DNSName(name) for name in ("localhost", "s3.localhost", "*.s3.localhost")]
NAMES += [x509.IPAddress(ipaddress.ip_address(address)) for address in ("127.0.0.1", "::1")]


def name(common):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"cofferdam tests, {common}")])


def builder(subject, issuer, public):
    made = x509.CertificateBuilder().subject_name(name(subject)).issuer_name(name(issuer)).public_key(public)
    made = made.serial_number(x509.random_serial_number()).not_valid_before(FROM).not_valid_after(UNTIL[subject])
    return made.add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)


def usage(**granted):
    kinds = "digital_signature content_commitment key_encipherment data_encipherment key_agreement key_cert_sign crl_sign"
    none = dict.fromkeys(kinds.split() + ["encipher_only", "decipher_only"], False)
    return x509.KeyUsage(**none | granted)


def write(folder, file, certificate, key=None):
    (folder / f"{file}.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    if key:
        pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
        (folder / f"{file}.key").write_bytes(key.private_bytes(pem, form, serialization.NoEncryption()))


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    authority = ec.generate_private_key(ec.SECP256R1())
    root = builder("authority", "authority", authority.public_key())
    root = root.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    root = root.add_extension(usage(key_cert_sign=True, crl_sign=True), critical=True)
    root = root.sign(authority, hashes.SHA256())
    write(folder, "authority", root)
    for server in ("first", "second"):
        key = ec.generate_private_key(ec.SECP256R1())
        made = builder(server, "authority", key.public_key())
        made = made.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        made = made.add_extension(usage(digital_signature=True), critical=True)
        made = made.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        made = made.add_extension(x509.SubjectAlternativeName(NAMES), critical=False)
        above = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key())
        made = made.add_extension(above, critical=False)
        write(folder, server, made.sign(authority, hashes.SHA256()), key)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
