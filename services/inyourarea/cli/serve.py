"""``inyourarea serve``: the site, on this machine or for others."""

import argparse
import contextlib
import ipaddress
import os
import resource
import socket
import sys
import threading
from dataclasses import replace
from pathlib import Path

import segno
import uvicorn
from rich.console import Console

from inyourarea.cli.arguments import port
from inyourarea.core.errors import Refused
from inyourarea.embedded.serving import add_video, open_catalog, open_site
from inyourarea.gateway.house import House
from inyourarea.gateway.invitations import Invitations
from inyourarea.gateway.settings import GatewaySettings, read_settings
from inyourarea.gateway.tokens import Tokens
from inyourarea.runtime.settings import parse_address

_EXAMPLES = """\
examples:
  inyourarea serve
      upload, watch and correct at http://127.0.0.1:8000; everything is kept in ./inyourarea-data
  inyourarea serve --data out/ stage.mp4
      with a video to begin with; nothing is made again that `inyourarea run stage.mp4 --out out/`
      has made
  inyourarea serve --lan
      this machine works as before, and a phone in the same network that reads the picture in the
      terminal may watch
  inyourarea serve --host 0.0.0.0
      for everybody who has a token (`inyourarea token create`), from this machine too
  inyourarea serve --host 0.0.0.0 --public
      and whoever has none sees what is published

  inyourarea serve --grpc 127.0.0.1:9000
      programs may ask by gRPC, too; docs/rpc.md says what

What leaves this machine is not encrypted: put a proxy that speaks https before the site; name it in
INYOURAREA_GATEWAY_PROXIES, and the site in INYOURAREA_GATEWAY_HOSTS."""
_PORT = 8000
_LOOPBACK = "127.0.0.1"
#: Open files: systems begin with 256 or 1024, and 1,000 viewers may each keep a stream open.
_MOST_CONNECTIONS = 8192
#: An address of no one (RFC 5737): the way to it shows this machine's address in the network.
_NOWHERE = ("192.0.2.1", 9)


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Teach the command line this command."""
    parser = subparsers.add_parser(
        "serve",
        help="open the site: upload, watch, correct, publish",
        description="Serve the web page and the API on this machine, with all stages at work.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "videos", nargs="*", type=Path, metavar="VIDEO", help="videos to add, as if uploaded"
    )
    parser.add_argument("--group", metavar="NAME", help="the group that is in those videos")
    folder = Path("inyourarea-data")
    parser.add_argument(
        "--data", type=Path, default=folder, metavar="DIR", help=f"where all is kept ({folder})"
    )
    parser.add_argument(
        "--port",
        type=port,
        help=f"where to listen ({_PORT}, or another where that is taken); 0: any that is free",
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--host", default=_LOOPBACK, help=f"the address to listen at ({_LOOPBACK}); others: tokens"
    )
    where.add_argument(
        "--lan", action="store_true", help="let a phone watch: shows a picture to read with it"
    )
    parser.add_argument(
        "--grpc", metavar="HOST:PORT", help="answer programs by gRPC there, too (docs/rpc.md)"
    )
    parser.add_argument(
        "--public", action="store_true", help="whoever has no token sees what is published"
    )


def main(args: argparse.Namespace) -> int:
    """Serve until somebody stops it."""
    lan = _lan_address() if args.lan else ""
    settings = settings_for(args.host, lan, args.public)
    settings = replace(settings, grpc=_grpc_address(args.grpc or settings.grpc))
    with contextlib.closing(open_catalog(args.data)) as catalog:
        if not (settings.trusts_this_machine or Tokens(catalog).are_there()):
            raise Refused(
                "others can reach the site so, and there is no token to tell them apart by; make "
                "one first: `inyourarea token create --role operator --name YOU "
                f"--data {args.data}`; or leave --host and --public out, for yourself alone"
            )
    listening = [
        _listen_anywhere(args.host) if args.port is None else _listen(args.host, args.port)
    ]
    port = listening[0].getsockname()[1]
    if lan:
        listening.append(_listen(lan, port))
    console = Console(stderr=True, highlight=False, markup=False)
    _allow_many_connections()
    with open_site(args.data, settings) as site, contextlib.ExitStack() as beside:
        for video in args.videos:
            added = add_video(site, video, args.group)
            console.print(f"{video}: {_address(args.host, port)}/watch/{added}", soft_wrap=True)
        console.print(f"InYourArea is at {_address(args.host, port)} (Ctrl-C ends it)")
        if lan:
            _invite(site.house.invitations, _address(lan, port), console)
        if settings.grpc:
            free = beside.enter_context(_answering_grpc(site.house))
            console.print(f"programs ask by gRPC at {settings.grpc.rpartition(':')[0]}:{free}")
        config = uvicorn.Config(
            site.app,
            log_level="warning",
            timeout_graceful_shutdown=3,
            server_header=False,
            proxy_headers=False,  # the guard reads them, and believes whom the settings name
        )
        uvicorn.Server(config).run(sockets=listening)
    return 0


def _grpc_address(text: str) -> str:
    try:
        return text and parse_address(text, least_port=0)
    except ValueError:
        raise Refused(f"--grpc must be HOST:PORT, not {text!r}") from None


def _answering_grpc(house: House) -> contextlib.AbstractContextManager[int]:
    from inyourarea.gateway.rpc import answering_grpc  # noqa: PLC0415 - the laptop has no gRPC

    return answering_grpc(house)


def _allow_many_connections() -> None:
    """As many files may be open as the system lets us: each viewer's stream of events is one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST_CONNECTIONS if hard == resource.RLIM_INFINITY else min(hard, _MOST_CONNECTIONS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):  # a system with a limit of its own
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def settings_for(host: str, lan: str, is_public: bool) -> GatewaySettings:
    """The settings of a site that listens at an address, and at one in the local network or "".

    Raises:
        SettingsRejected: the environment asks for something impossible.
    """
    plain = read_settings(os.environ)
    names = [_literal(name) for name in (lan, host) if name and not _is_everywhere(name)]
    if _is_everywhere(host):
        here = socket.gethostname().lower()
        names += [here, f"{here}.local"]
        with contextlib.suppress(Refused):
            names.append(_lan_address())
    return replace(
        plain,
        hosts=tuple(dict.fromkeys((*plain.hosts, *names))),
        is_public=is_public,
        trusts_this_machine=_is_loopback(host) and not is_public,
    )


def _invite(invitations: Invitations, address: str, console: Console) -> None:
    """The terminal shows a link for one phone, and another one at each Enter."""

    def show() -> None:
        link = f"{address}/join#{invitations.invite()}"
        console.print(
            f"\nOne phone may watch, by this link, within ten minutes:\n{link}", soft_wrap=True
        )
        segno.make(link, micro=False).terminal(out=sys.stderr, compact=True)
        console.print("Enter shows another one.")

    def show_again() -> None:
        while os.read(sys.stdin.fileno(), 1024):  # not sys.stdin, whose lock outlives the thread
            show()

    show()
    threading.Thread(target=show_again, name="invitations", daemon=True).start()


def _lan_address() -> str:
    """This machine's address in the local network.

    Raises:
        Refused: it is in none.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as way:
        try:
            way.connect(_NOWHERE)  # no packet is sent
        except OSError as error:
            raise Refused("this machine is in no network; join the phone's Wi-Fi first") from error
        address: str = way.getsockname()[0]
    if _is_loopback(address):
        raise Refused("this machine is in no network; join the phone's Wi-Fi first")
    return address


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _is_everywhere(host: str) -> bool:
    return host in ("0.0.0.0", "::")


def _literal(host: str) -> str:
    """The host as it stands in an address."""
    return f"[{host}]" if ":" in host else host.lower()


def _address(host: str, port: int) -> str:
    name = socket.gethostname() if _is_everywhere(host) else _literal(host)
    return f"http://{name}:{port}"


def _listen_anywhere(host: str) -> socket.socket:
    """At the port that everybody remembers, or where that is taken, at any that is free."""
    try:
        return _listen(host, _PORT)
    except Refused:
        return _listen(host, 0)


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, _, _, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(place)
    except (OSError, OverflowError) as error:
        raise Refused(
            f"nothing can listen at {host}:{port}: {error}; choose another --port"
        ) from error
    return listening
