"""Asks this container's web server for a page, as the proxy would: `python -m neiguan.probe /health/live/`."""

import os
import sys
import urllib.request


def main(path: str) -> None:
    """Raise unless the page answers with 200."""
    url = f"http://127.0.0.1:{os.environ.get('PORT', '8000')}{path}"
    headers = {"Host": "localhost", "X-Forwarded-Proto": "https"}
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=8):
        return


if __name__ == "__main__":
    main(sys.argv[1])
