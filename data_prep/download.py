"""Fetching public data."""

import http.client
import shutil
import urllib.request
import zipfile
import zlib
from pathlib import Path

from tqdm import tqdm

from data_prep.errors import DataError
from data_prep.files import new_file, sha256_of

TATOEBA_URL = "https://www.manythings.org/anki/cmn-eng.zip"
TATOEBA_MEMBER = "cmn.txt"
TIMEOUT_SECONDS = 60


def download_tatoeba(output: Path, sha256: str | None = None, url: str = TATOEBA_URL, overwrite: bool = False) -> str:
    """Fetch the Mandarin-English pairs of Tatoeba, unpack them to `output` and return the SHA-256 of that file.

    Raises DataError where the file cannot be fetched, is not the expected archive, or, given `sha256`, unpacks to
    another checksum; `output` is then as it was before.
    """
    with new_file(output, overwrite) as path:
        archive = path.with_name(f"{path.name}.zip")
        _fetch(url, archive)
        try:
            with zipfile.ZipFile(archive) as bundle, bundle.open(TATOEBA_MEMBER) as member, path.open("wb") as file:
                shutil.copyfileobj(member, file)
        except KeyError:
            raise DataError(f"{url}: the archive holds no {TATOEBA_MEMBER}; the site may have changed") from None
        except (zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise DataError(f"{url}: not a whole zip archive: {error}; try again") from error
        digest = sha256_of(path)
        if sha256 is not None and digest != sha256.lower():
            raise DataError(
                f"--sha256 {sha256}: the file from {url} has {digest}; the public file changes over time, "
                "so leave the option out to accept today's"
            )
    return digest


def _fetch(url: str, path: Path) -> None:
    try:
        # The site refuses the name that urllib gives itself.
        request = urllib.request.Request(url, headers={"User-Agent": "Mozilla/5.0 (data_prep)"})
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as response, path.open("wb") as file:
            size = int(response.headers.get("Content-Length") or 0)
            with tqdm(desc="download", total=size or None, unit="B", unit_scale=True) as bar:
                while block := response.read(1 << 16):
                    file.write(block)
                    bar.update(len(block))
    except (http.client.HTTPException, OSError, ValueError) as error:
        raise DataError(f"{url}: cannot be fetched: {getattr(error, 'reason', None) or error}") from error
    received = path.stat().st_size
    if size and received != size:
        raise DataError(f"{url}: the connection broke after {received} of {size} bytes; try again")
