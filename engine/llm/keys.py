"""Which server is asked, and with which key: from the environment or a `.env` file.

A key is only ever sent where it belongs. FINCH_API_KEY goes to whatever server the run asks;
OPENROUTER_API_KEY to openrouter.ai; OPENAI_API_KEY to api.openai.com, to this machine, to an
address that the user typed, and to the one in OPENAI_BASE_URL if both come from the same place: so
no file that came from elsewhere sends a key to its author. What
OPENAI_CUSTOM_HEADERS holds in the environment goes where the OPENAI_API_KEY of the environment may
go. What the environment says wins over `.env`, which is looked for in the working directory and,
inside a repository, in the folders above up to its root. Nothing is ever put into the environment:
workers and jails inherit that.
"""

from __future__ import annotations

import base64
import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, quote_plus, unquote, urlsplit

from engine.llm.errors import ModelsError
from engine.llm.redact import Redactor, Secret

OPENAI = "https://api.openai.com/v1"
OPENROUTER = "https://openrouter.ai/api/v1"
INVITATION = (
    "no language model is asked; add one with --llm MODEL and a key in OPENAI_API_KEY (the "
    "environment or a .env file), or with --llm MODEL --llm-base-url http://localhost:11434/v1"
)
"""The one line for a run without models."""

MAX_ENV_BYTES = 1 << 20
_LINE = re.compile(
    r"""^\s*(?:export\s+)?([A-Za-z_]\w*)\s*=\s*
    (?: (?: '(?P<raw>[^']*)' | "(?P<quoted>(?:[^"\\]|\\.)*)" ) \s*(?:\#.*)?$ | (?P<bare>.*) )""",
    re.VERBOSE,
)
_COMMENT = re.compile(r"(?:^|\s)\#")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server that speaks the protocol, and what it takes to be let in.

    Attributes:
        address: Its base URL without user info and query: fit to be shown.
        url: Its base URL, with user info, without query.
        query: What every request carries in its query.
        key: The key; None where none is needed.
        takes_headers: Whether what the environment says in OPENAI_CUSTOM_HEADERS may go there.
    """

    address: str
    url: Secret
    query: tuple[tuple[str, Secret], ...] = ()
    key: Secret | None = None
    takes_headers: bool = False

    @property
    def host(self) -> str:
        """Name or address of its machine, in lower case."""
        return (urlsplit(self.address).hostname or "").lower()

    @property
    def redactor(self) -> Redactor:
        """Knows its secrets."""
        parts = urlsplit(self.url.reveal())
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        inside = [parts.username or "", parts.password or "", user, password]
        if user or password:  # as it travels
            inside.append(base64.b64encode(f"{user}:{password}".encode()).decode("ascii"))
        query = [value.reveal() for _, value in self.query]
        known = [self.key.reveal()] if self.key else []
        texts = [*known, *inside, *query, *map(quote_plus, query)]
        return Redactor(Secret(text) for text in dict.fromkeys(texts) if text)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setting:
    """A value and where it was found."""

    value: str
    place: str


def find_server(
    base_url: str, environment: Mapping[str, str], folder: Path, *, typed: bool = False
) -> Server:
    """The server that a run asks, with its key.

    Args:
        base_url: As the config has it; empty: OPENAI_BASE_URL, else OpenAI's own.
        environment: Names and values, e.g. `os.environ`; only read.
        folder: The working directory.
        typed: Whether the user gave the address on the command line.

    Raises:
        ModelsError: The address is not a URL, a key is missing or garbled, or `.env` cannot be
            read.
    """
    settings = _settings(environment, folder)
    there = settings.get("OPENAI_BASE_URL")
    url = base_url.strip() or (there.value if there else OPENAI)
    parts, port = _parsed(url)
    host = (parts.hostname or "").lower()
    shown = f"[{host}]" if ":" in host else host
    address = f"{parts.scheme}://{shown}{port}{parts.path}".rstrip("/")
    key = _key(settings, address, host, typed)
    if key is None and not is_local(host) and "@" not in parts.netloc and not parts.query:
        raise ModelsError([_missing(settings, address, host)])
    return Server(
        address=address,
        url=Secret(parts._replace(query="", fragment="").geturl()),
        query=tuple((name, Secret(value)) for name, value in parse_qsl(parts.query)),
        key=key,
        takes_headers=_is_meant(settings, address, host, typed, "the environment"),
    )


def is_local(host: str) -> bool:
    """Whether a host is this machine or on its private network, where servers need no key."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        inner = (".localhost", ".local", ".lan", ".internal", ".home.arpa")
        return "." not in host or host.endswith(inner)
    return address.is_private or address.is_loopback or address.is_link_local


def _is_loopback(host: str) -> bool:
    """Whether a host is this very machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def read_env(text: str) -> dict[str, str]:
    """The settings in the text of a `.env` file; later ones win, other lines are passed over.

    One `NAME=value` a line, with or without `export`; 'single' quotes take everything as it is,
    "double" ones know backslash-n, -r, -t, and backslash before any other character; bare values
    end before ` #`. Nothing is expanded.
    """
    found: dict[str, str] = {}
    for line in text.removeprefix("\ufeff").splitlines():
        match = _LINE.match(line)
        if match is None:
            continue
        raw, quoted, bare = match["raw"], match["quoted"], match["bare"]
        if quoted is not None:
            value = re.sub(r"\\(.)", lambda m: _ESCAPES.get(m[1], m[1]), quoted)
        elif raw is not None:
            value = raw
        else:
            value = _COMMENT.split(bare, maxsplit=1)[0].strip()
        found[match[1]] = value
    return found


def _settings(environment: Mapping[str, str], folder: Path) -> dict[str, _Setting]:
    names = ("FINCH_API_KEY", "OPENAI_API_KEY", "OPENROUTER_API_KEY", "OPENAI_BASE_URL")
    found: dict[str, _Setting] = {}
    path = _env_file(folder)
    if path is not None:
        said = _read(path)
        found = {n: _Setting(value=said[n], place=str(path)) for n in names if said.get(n)}
    here = {n: environment[n] for n in names if environment.get(n, "").strip()}
    return found | {n: _Setting(value=v, place="the environment") for n, v in here.items()}


def _env_file(folder: Path) -> Path | None:
    """The nearest `.env`: folders above a repository are not trusted, so none is read."""
    folder = folder.absolute()
    above = [folder, *folder.parents]
    root = next((i for i, place in enumerate(above) if (place / ".git").exists()), 0)
    files = (place / ".env" for place in above[: root + 1])
    return next((path for path in files if path.is_file()), None)


def _read(path: Path) -> dict[str, str]:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_ENV_BYTES + 1)
        if len(data) > MAX_ENV_BYTES:
            raise ModelsError([f"{path}: has more than {MAX_ENV_BYTES} bytes: is it a .env file?"])
        return read_env(data.decode("utf-8"))
    except OSError as error:
        raise ModelsError([f"{path}: cannot be read ({error.strerror})"]) from None
    except UnicodeDecodeError as error:
        problem = f"{path}: is not UTF-8 text (byte {error.start})"
    raise ModelsError([problem])  # out of the handler: that error carries the file's bytes


def _parsed(url: str) -> tuple[SplitResult, str]:
    """The parts of a base URL, and its port as shown; nothing of it but its end is ever quoted."""
    needs = "needs http(s)://host[:port]/path, e.g. http://localhost:11434/v1"
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port is not None else ""
    except ValueError:
        parts, port = urlsplit(""), ""
    if parts.scheme not in ("http", "https") or not parts.hostname or not url.isprintable():
        raise ModelsError([f"--llm-base-url (or OPENAI_BASE_URL) is not an address: {needs}"])
    return parts, port


def _key(settings: Mapping[str, _Setting], address: str, host: str, typed: bool) -> Secret | None:
    names = ["FINCH_API_KEY"]
    if _is_at(host, "openrouter.ai"):
        names.append("OPENROUTER_API_KEY")
    place = settings["OPENAI_API_KEY"].place if "OPENAI_API_KEY" in settings else ""
    if _is_meant(settings, address, host, typed, place):
        names.append("OPENAI_API_KEY")
    for name in names:
        setting = settings.get(name)
        if setting is None:
            continue
        text = setting.value.strip()
        if not text.isascii() or not text.isprintable() or " " in text:
            raise ModelsError(
                [f"{name} in {setting.place} holds a character that no key has: a line break, a "
                 "blank, a quote, an accent? Copy the key again"]
            )  # fmt: skip
        return Secret(text)
    return None


def _is_meant(
    settings: Mapping[str, _Setting], address: str, host: str, typed: bool, place: str
) -> bool:
    """Whether a server may have what was set for OpenAI in a place."""
    if typed or _is_loopback(host) or _is_at(host, "openai.com"):
        return True
    there = settings.get("OPENAI_BASE_URL")
    if there is None or there.place != place:
        return False  # a cloned repository's .env must not send the user's key to its author
    named = urlsplit(there.value.strip())
    asked = urlsplit(address)
    return (named.scheme, (named.hostname or "").lower(), named.port) == (
        asked.scheme,
        host,
        asked.port,
    )


def _is_at(host: str, domain: str) -> bool:
    return host == domain or host.endswith(f".{domain}")


def _missing(settings: Mapping[str, _Setting], address: str, host: str) -> str:
    if _is_at(host, "openai.com"):
        hint = "set OPENAI_API_KEY in the environment or in a .env file here"
        if "OPENROUTER_API_KEY" in settings:
            hint += f"; for the OPENROUTER_API_KEY that is set, add --llm-base-url {OPENROUTER}"
        return f"no key for {address}: {hint}"
    if _is_at(host, "openrouter.ai"):
        return f"no key for {address}: set OPENROUTER_API_KEY in the environment or in a .env file"
    hint = "set FINCH_API_KEY in the environment or in a .env file here"
    if "OPENAI_API_KEY" in settings:
        hint += (
            "; the OPENAI_API_KEY that is set goes there only if the address is typed: "
            "--llm-base-url, not a config file"
        )
    return f"no key for {address}: {hint}"
