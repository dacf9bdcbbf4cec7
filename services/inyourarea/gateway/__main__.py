"""``python -m inyourarea.gateway``: the site and the API on a cluster."""

import ipaddress
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import uvicorn

from inyourarea.core.errors import Refused
from inyourarea.gateway.announcing import announce_run
from inyourarea.gateway.app import create_app
from inyourarea.gateway.catalog import Catalog
from inyourarea.gateway.courier import Courier
from inyourarea.gateway.handler import GATEWAY, GatewayHandler
from inyourarea.gateway.house import House
from inyourarea.gateway.keeping import kept
from inyourarea.gateway.minio_dock import MinioDock
from inyourarea.gateway.models import CurrentModels, read_models
from inyourarea.gateway.remote_stages import GrpcStages
from inyourarea.gateway.rpc import answering_grpc
from inyourarea.gateway.settings import GatewaySettings, read_settings
from inyourarea.runtime.model_versions import ModelVersions
from inyourarea.runtime.rpc import check_service
from inyourarea.runtime.service import Ground, Need, Service, run_service
from inyourarea.runtime.settings import Environment, parse_address, read_together


@dataclass(frozen=True)
class Places:
    """Where the gateway listens for HTTP, and where what it asks is."""

    http: str
    catalog: str
    ingest: str
    track: str
    models: Path


def read_places(environment: Mapping[str, str]) -> Places:
    """Settings from the environment.

    Names behind ``INYOURAREA_``: ``GATEWAY_HTTP`` (HOST:PORT), ``CATALOG_URL`` (SQLAlchemy's),
    ``INGEST_ADDRESS``, ``TRACK_ADDRESS`` (HOST:PORT) and ``GATEWAY_MODELS``, a file that
    ``inyourarea models list --json`` wrote.

    Raises:
        SettingsRejected: something is missing or can not be used; all problems are told together.
    """
    asked, wanted = Environment(environment), "HOST:PORT"
    places = Places(
        http=asked.read("GATEWAY_HTTP", "127.0.0.1:8000", parse_address, wanted),
        catalog=asked.needed("CATALOG_URL", str, "such as postgresql+psycopg://host/catalog"),
        ingest=asked.needed("INGEST_ADDRESS", parse_address, wanted),
        track=asked.needed("TRACK_ADDRESS", parse_address, wanted),
        models=Path(asked.needed("GATEWAY_MODELS", _file, "a file of models")),
    )
    asked.check()
    return places


def _file(text: str) -> str:
    if not Path(text).is_file():
        raise ValueError(text)
    return text


@dataclass(frozen=True)
class Own:
    """All that a gateway is told and no other service."""

    places: Places
    site: GatewaySettings


def read_own(environment: Mapping[str, str]) -> Own:
    """Settings from the environment. Raises `SettingsRejected`, with all problems."""
    return Own(*read_together(environment, read_places, read_settings))


def open_service(ground: Ground, own: Own) -> Service:
    """The gateway's handlers; its site is open as long as the service is."""
    places, settings = own.places, own.site
    catalog = ground.open(closing(Catalog(places.catalog)))
    catalog.open()
    stages = GrpcStages(places.ingest, places.track, ground.sender(), ground.settings.tls)
    ground.open(closing(stages))
    given = read_models(places.models.read_text(encoding="utf-8"))
    models = CurrentModels(given, partial(ModelVersions, ground.objects))
    dock = MinioDock(ground.settings.store, settings.s3_address)
    settings = _trusting(settings, places.http)
    house = House(ground.objects, catalog, stages, models, settings, dock)
    house.projection.rebuild()
    announce = partial(announce_run, house)
    handler = GatewayHandler(ground.objects, catalog, house.watchers, announce)
    ground.open(Courier(house.webhooks, settings.webhook_networks))
    ground.open(kept(house))
    ground.open(_site(house, places.http))
    if settings.grpc:
        ground.open(answering_grpc(house, lambda: not ground.readiness.missing()))
    return Service({GATEWAY: handler.handlers})


def needs(ground: Ground, own: Own) -> dict[str, Need]:
    """The catalog's database, over a connection that no work has to be done with: none is busy.

    And whom it asks when somebody submits or tries out pins: all else can be shown without them.
    """
    catalog = ground.open(closing(Catalog(own.places.catalog)))
    tls, asked = ground.settings.tls, {"ingest": own.places.ingest, "track": own.places.track}
    services = {
        name: Need(place, partial(check_service, place, tls), is_told=False)
        for name, place in asked.items()
    }
    return {"catalog": Need(catalog.where, catalog.check), **services}


def _trusting(settings: GatewaySettings, http: str) -> GatewaySettings:
    """Whoever comes from this machine is trusted where nobody else can come."""
    host = http.rpartition(":")[0].strip("[]")
    is_here = host == "localhost" or ipaddress.ip_address(host).is_loopback
    return replace(settings, trusts_this_machine=is_here and not settings.is_public)


def _site(house: House, http: str) -> ExitStack:
    """The site answers over HTTP; it ends with what this returns.

    Raises:
        Refused: nothing can listen there.
    """
    host, _, port = http.rpartition(":")
    config = uvicorn.Config(
        create_app(house),
        host=host.strip("[]"),
        port=int(port),
        log_config=None,
        server_header=False,
        proxy_headers=False,  # the guard reads them, and believes whom the settings name
        timeout_graceful_shutdown=30,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, name="http", daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.01)
    if not server.started:
        raise Refused(f"nothing can listen at {http}; is it in use?")

    def end() -> None:
        server.should_exit = True
        thread.join()

    open_site = ExitStack()
    open_site.callback(end)
    return open_site


if __name__ == "__main__":
    sys.exit(run_service("gateway", read_own, open_service, needs))
