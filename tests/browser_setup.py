"""`make browser`: Debian's Chromium and a Chinese font, where we may install them; otherwise one loud line."""

import os
import shutil
import subprocess
import sys

PACKAGES = ("chromium", "fonts-noto-cjk")


def has_chromium() -> bool:
    """Whether a browser that the tests can use is on the path."""
    return any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome")))


def install() -> bool:
    """Install through apt-get; gives whether a browser is there afterwards."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (
        ["apt-get", "update", "-qq"],
        ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *PACKAGES],
    ):
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.stderr.write(done.stderr)
            break
    return has_chromium()


def main() -> None:
    """Make sure of a browser, or say loudly that there is none."""
    if has_chromium() or os.environ.get("CHROMIUM"):
        return
    if os.geteuid() == 0 and shutil.which("apt-get") and install():
        return
    sys.stderr.write(
        "!!! NO CHROMIUM AND NO RIGHT TO INSTALL IT: BROWSER TESTS WILL BE SKIPPED !!!\n"
    )


if __name__ == "__main__":
    main()
