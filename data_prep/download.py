"""Download of public data."""

from __future__ import annotations

import http.client
import shutil
import urllib.request
import zipfile
import zlib
from pathlib import Path

from tqdm import tqdm

from .errors import DataError
from .files import new_file, sha256_of

TATOEBA_URL = "https://www.manythings.org/anki/cmn-eng.zip"
TATOEBA_MEMBER = "cmn.txt"
TIMEOUT_SECONDS = 60


def download_tatoeba(output: Path, sha256: str | None = None, url: str = TATOEBA_URL, overwrite: bool = False) -> str:
    """Download the Mandarin-English pairs of Tatoeba and unpack them to `output`.

    Args:
        output: TSV file to write.
        sha256: expected checksum of that file, hexadecimal; None accepts any.
        url: address of the zip archive.
        overwrite: replace an existing file.

    Returns:
        The SHA-256 of the file, hexadecimal.

    Raises:
        DataError: the archive cannot be downloaded, is not the expected one or does not match `sha256`; `output` is
            left unchanged.
    """
    with new_file(output, overwrite, "--output") as path:
        fetch_member(url, TATOEBA_MEMBER, path)
        digest = sha256_of(path)
        if sha256 is not None and digest != sha256.lower():
            raise DataError(
                f"--sha256 {sha256}: the file from {url} has {digest}; the public file changes over time: "
                "omit the option to accept the current one"
            )
    return digest


def fetch_member(url: str, member: str, path: Path) -> None:
    """Download a zip archive, and unpack one of its files.

    Args:
        url: address of the archive.
        member: name of the file in the archive.
        path: file to write, in a temporary folder: the archive is written beside it.

    Raises:
        DataError: the archive cannot be downloaded, is damaged or has a password, or does not contain the file.
    """
    archive = path.with_name(f"{path.name}.zip")
    fetch(url, archive)
    try:
        with zipfile.ZipFile(archive) as bundle, bundle.open(member) as source, path.open("wb") as file:
            shutil.copyfileobj(source, file)
    except KeyError:
        raise DataError(f"{url}: the archive contains no {member}; the site may have changed") from None
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:  # RuntimeError: it has a password
        raise DataError(f"{url}: not a complete zip archive: {error}; try again") from error


def fetch(url: str, path: Path) -> None:
    """Download a file.

    Raises:
        DataError: it cannot be downloaded, or not as a whole.
    """
    try:
        # The site rejects urllib's default user agent.
        request = urllib.request.Request(url, headers={"User-Agent": "Mozilla/5.0 (data_prep)"})
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as response, path.open("wb") as file:
            size = int(response.headers.get("Content-Length") or 0)
            with tqdm(desc="download", total=size or None, unit="B", unit_scale=True) as bar:
                while block := response.read(1 << 16):
                    file.write(block)
                    bar.update(len(block))
    except (http.client.HTTPException, OSError, ValueError) as error:
        raise DataError(f"{url}: cannot be downloaded: {getattr(error, 'reason', None) or error}") from error
    received = path.stat().st_size
    if size and received != size:
        raise DataError(f"{url}: the connection was lost after {received} of {size} bytes; try again")
