"""Browsers that are not Chromium, by the protocols that they bring themselves: no driver is needed.

Firefox speaks Marionette, which is WebDriver's commands over a socket; WebKitGTK's own driver
speaks WebDriver over HTTP. What a test does with a page is what it does with one of Playwright's.
"""

import base64
import contextlib
import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import httpx

from own_servers import free_ports
from player_site import NoBrowser

#: Seconds in which a browser has started on a busy machine.
_STARTS_S = 60
#: Where each of Marionette's commands that are used here lies in WebDriver over HTTP.
_PATHS = {
    "Navigate": "url",
    "ExecuteScript": "execute/sync",
    "PerformActions": "actions",
    "SetWindowRect": "window/rect",
}
#: As large as Chromium's in other tests.
_WINDOW = {"width": 1100, "height": 800}
#: A command's name and what it is given; what it answers.
Ask = Callable[[str, dict[str, Any]], Any]


class OtherPage:
    """The one page of such a browser, with as much of Playwright's page as `Watching` asks for."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self.keyboard = self
        ask("SetWindowRect", _WINDOW)

    def goto(self, url: str) -> None:
        """The page at that address."""
        self._ask("Navigate", {"url": url})

    def evaluate(self, function: str, argument: Any = None) -> Any:
        """What a function in JavaScript says of the page."""
        script = f"return ({function})(...arguments)"
        return self._ask("ExecuteScript", {"script": script, "args": [argument]})

    def screenshot(self, **_: Any) -> bytes:
        """What can be seen of it, as PNG."""
        return base64.b64decode(self._ask("TakeScreenshot", {"full": False}))

    def press(self, key: str) -> None:
        """A key goes down and up."""
        sign = {"Space": " "}.get(key, key)
        strokes = [{"type": way, "value": sign} for way in ("keyDown", "keyUp")]
        actions = [{"type": "key", "id": "keys", "actions": strokes}]
        self._ask("PerformActions", {"actions": actions})

    def wait_for_selector(self, selector: str) -> None:
        """Waits until there is such an element."""
        end = time.monotonic() + _STARTS_S
        while not self.evaluate("one => document.querySelector(one) !== null", selector):
            assert time.monotonic() < end, f"there is no {selector}"
            time.sleep(0.1)

    def eval_on_selector(self, selector: str, function: str) -> Any:
        """What a function says of the element."""
        return self.evaluate(f"one => ({function})(document.querySelector(one))", selector)

    def wait_for_timeout(self, milliseconds: float) -> None:
        """Waits; the page goes on meanwhile."""
        time.sleep(milliseconds / 1000)


@contextlib.contextmanager
def firefox(folder: Path) -> Iterator[OtherPage]:
    """Debian's Firefox without a screen; its profile lies in the folder.

    Raises:
        NoBrowser: it, or the library by which it decodes H.264, is not there.
    """
    found = shutil.which("firefox-esr") or shutil.which("firefox")
    if found is None or not any(Path("/usr/lib").glob("*/libavcodec.so.*")):
        raise NoBrowser("no Firefox plays here: apt-get install firefox-esr libavcodec-extra")
    (port,) = free_ports(1)
    (folder / "user.js").write_text(f'user_pref("marionette.port", {port});\n')
    words = [found, "--headless", "--marionette", "--no-remote", "--profile", str(folder)]
    with _running(words, folder), _connected(port) as line:
        ask = _marionette(line)
        ask("NewSession", {"capabilities": {}})
        yield OtherPage(ask)


@contextlib.contextmanager
def webkitgtk(folder: Path) -> Iterator[OtherPage]:
    """Debian's WebKitGTK on a screen that nobody sees.

    Raises:
        NoBrowser: it, a decoder of its, or such a screen is not there.
    """
    wanted = {"WebKitWebDriver": "webkit2gtk-driver", "Xvfb": "xvfb", "dbus-run-session": "dbus"}
    lacking = [package for tool, package in wanted.items() if shutil.which(tool) is None]
    plugins = [*Path("/usr/lib").glob("*/gstreamer-1.0/libgst*.so")]
    for name, package in (
        ("libav", "libav"),
        ("isomp4", "plugins-good"),
        ("videoparsersbad", "plugins-bad"),
    ):
        if not any(plugin.stem == f"libgst{name}" for plugin in plugins):
            lacking.append(f"gstreamer1.0-{package}")
    browser = next(iter(Path("/usr/lib").glob("*/webkit2gtk-4.*/MiniBrowser")), None)
    if lacking or browser is None:
        raise NoBrowser(f"there is no WebKitGTK here: apt-get install {' '.join(lacking)}")
    (port,) = free_ports(1)
    display = f":{100 + port % 10_000}"  # its number, like a port's, is of nobody else
    screen = ["Xvfb", display, "-screen", "0", "1280x1024x24", "-nolisten", "tcp"]
    driver = ["dbus-run-session", "--", "WebKitWebDriver", f"--port={port}"]
    more = {"DISPLAY": display, "GDK_BACKEND": "x11", "LIBGL_ALWAYS_SOFTWARE": "1"}
    options = {"binary": str(browser), "args": ["--automation"]}
    wish = {"capabilities": {"alwaysMatch": {"webkitgtk:browserOptions": options}}}
    with (
        _running(screen, folder),
        _running(driver, folder, **more),
        _connected(port),
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=_STARTS_S) as http,
    ):
        session = _value(http.post("/session", json=wish))["sessionId"]
        try:
            yield OtherPage(_webdriver(http, session))
        finally:
            http.delete(f"/session/{session}")


@contextlib.contextmanager
def _running(words: list[str], home: Path, **more: str) -> Iterator[None]:
    """The program and all that it starts, until the end."""
    environment = {**os.environ, "HOME": str(home), "XDG_RUNTIME_DIR": str(home), **more}
    with (home / f"{Path(words[0]).name}.log").open("wb") as log:
        process = subprocess.Popen(
            words, env=environment, stdout=log, stderr=log, start_new_session=True
        )
        try:
            yield
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, 15)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, 9)
                process.wait()


@contextlib.contextmanager
def _connected(port: int) -> Iterator[IO[bytes]]:
    """A connection, once somebody listens there."""
    end = time.monotonic() + _STARTS_S
    while True:
        try:
            line = socket.create_connection(("127.0.0.1", port), timeout=_STARTS_S)
            break
        except OSError:
            assert time.monotonic() < end, "the browser does not start"
            time.sleep(0.1)
    with line, line.makefile("rwb") as both_ways:
        yield both_ways


def _marionette(line: IO[bytes]) -> Ask:
    """Each message is its length, a colon, and ``[type, number, ...]``."""

    def receive() -> Any:
        digits = b""
        while (digit := line.read(1)) != b":":
            digits += digit
        return json.loads(line.read(int(digits)))

    receive()  # it says who it is

    def ask(command: str, given: dict[str, Any]) -> Any:
        message = json.dumps([0, 1, f"WebDriver:{command}", given]).encode()
        line.write(b"%d:%s" % (len(message), message))
        line.flush()
        _, _, error, answer = receive()
        assert error is None, error
        return answer.get("value") if isinstance(answer, dict) else answer

    return ask


def _webdriver(http: httpx.Client, session: str) -> Ask:
    def ask(command: str, given: dict[str, Any]) -> Any:
        if command == "TakeScreenshot":
            return _value(http.get(f"/session/{session}/screenshot"))
        return _value(http.post(f"/session/{session}/{_PATHS[command]}", json=given))

    return ask


def _value(answer: httpx.Response) -> Any:
    assert answer.status_code == 200, answer.text
    return answer.json()["value"]
