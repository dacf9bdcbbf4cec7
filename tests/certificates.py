"""Certificates of a test: an authority of one's own, and what it signs."""

import subprocess
from pathlib import Path


class Authority:
    """An authority in a folder; ``certificate`` is the file that makes others believe it."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self.certificate = folder / "ca.pem"
        usage = ("-addext", "keyUsage=critical,keyCertSign")
        self._openssl(*_NEW, "-x509", "-subj", "/CN=authority", *usage, *_out("ca"))

    def issue(self, name: str) -> tuple[Path, Path]:
        """A certificate for this machine that the authority signed, and its key; both PEM files."""
        self._openssl(*_NEW, "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", "asked.csr")
        (self._folder / "names").write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\n")
        sign = ("x509", "-req", "-in", "asked.csr", "-CA", "ca.pem", "-CAkey", "ca.key")
        end = ("-CAcreateserial", "-days", "2", "-extfile", "names", "-out", f"{name}.pem")
        self._openssl(*sign, *end)
        return self._folder / f"{name}.pem", self._folder / f"{name}.key"

    def _openssl(self, *words: str) -> None:
        subprocess.run(["openssl", *words], cwd=self._folder, check=True, capture_output=True)


_NEW = ("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


def _out(name: str) -> tuple[str, ...]:
    return ("-keyout", f"{name}.key", "-out", f"{name}.pem")
