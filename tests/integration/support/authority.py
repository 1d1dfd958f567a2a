"""A certificate authority for tests, which issues TLS certificates."""

import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


class Authority:
    """A certificate authority that issues certificates for host names. `pem` is the authority's own
    certificate, which clients must trust."""

    def __init__(self, name="test authority"):
        self.name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.pem = self._sign(self.name, self.key, x509.BasicConstraints(ca=True, path_length=0))

    def issue(self, host: str) -> tuple[str, str]:
        """Issues a TLS certificate for this host name. Returns the certificate and its private key,
        both as PEM."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
        names = x509.SubjectAlternativeName([x509.DNSName(host)])
        return self._sign(subject, key, names), key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption()).decode()

    def _sign(self, subject, key, extension) -> str:
        today = datetime.datetime.now(datetime.timezone.utc)
        certificate = (
            x509.CertificateBuilder().subject_name(subject).issuer_name(self.name)
            .public_key(key.public_key()).serial_number(x509.random_serial_number())
            .not_valid_before(today - datetime.timedelta(days=1))
            .not_valid_after(today + datetime.timedelta(days=30))
            .add_extension(extension, critical=False).sign(self.key, hashes.SHA256()))
        return certificate.public_bytes(serialization.Encoding.PEM).decode()
