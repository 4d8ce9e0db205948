"""A browser: Chromium or Chrome of this machine, without a window, with a profile that is thrown away."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome, ChromeOptions, ChromeService

_HOW = "install them, on Debian with: apt-get install chromium chromium-driver"


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    """Ends the run with an error if there is none: nobody should believe that it has looked."""
    options = ChromeOptions()
    options.binary_location = _program("Chromium or Chrome", "chromium", "chromium-browser", "google-chrome")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    arguments = (
        "headless=new", "no-sandbox", "disable-gpu", "disable-dev-shm-usage", "disable-background-networking",
        "disable-component-update", "disable-sync", "no-first-run", "force-color-profile=srgb",
        f"user-data-dir={tmp_path_factory.mktemp('profile')}",
    )  # fmt: skip
    for argument in arguments:
        options.add_argument(f"--{argument}")
    driver = Chrome(options, ChromeService(_program("chromedriver", "chromedriver")))
    driver.set_script_timeout(100)  # a machine may be busy; shorter than the client's 120 s, so that the script is told
    yield driver
    driver.quit()


def _program(what: str, *names: str) -> str:
    found = next((path for name in names if (path := shutil.which(name))), None)
    if found is None:
        pytest.exit(f"There is no {what} on the PATH, so nothing was looked at; {_HOW}", returncode=3)
    return str(Path(found))
