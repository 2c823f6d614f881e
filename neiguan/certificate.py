"""A self-made certificate for `make run HTTPS=1`: phones need HTTPS for pages that work offline."""

import datetime as dt
import ipaddress
import socket
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAYS = 397  # the longest that browsers accept


def certificate_in(folder: Path, host: str, *, now: dt.datetime) -> tuple[Path, Path]:
    """Paths of certificate and key, made at first use and again in their last week."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    if certificate.exists() and key.exists():
        until = x509.load_pem_x509_certificate(certificate.read_bytes()).not_valid_after_utc
        if until - now > dt.timedelta(days=7):
            return certificate, key
    folder.mkdir(mode=0o700, exist_ok=True)
    secret = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Neiguan")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(secret.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=DAYS))
        .add_extension(x509.SubjectAlternativeName(names_of(host)), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(secret, hashes.SHA256())
    )
    key.touch(mode=0o600)
    key.write_bytes(
        secret.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return certificate, key


def names_of(host: str) -> list[x509.GeneralName]:
    """What a browser may call this machine."""
    names: list[x509.GeneralName] = [
        x509.DNSName("localhost"),
        x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
    ]
    for extra in dict.fromkeys((host, socket.gethostname())):
        try:
            names.append(x509.IPAddress(ipaddress.ip_address(extra)))
        except ValueError:
            if extra.isascii() and extra != "localhost":
                names.append(x509.DNSName(extra))
    return names
