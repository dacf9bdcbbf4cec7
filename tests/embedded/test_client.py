"""Programs at work with the site, over connections that break, and the commands on it."""

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from ipaddress import ip_network
from pathlib import Path

import av
import numpy as np
import pytest

from inyourarea.client import Client, Problem, ServerAway, Video, Wishes, verify_webhook
from inyourarea.core.errors import Refused
from inyourarea.embedded.serving import Site, open_site
from inyourarea.gateway.settings import GatewaySettings
from servers import Target, Wire, listening, served
from small_show import SmallShow, inyourarea

pytestmark = pytest.mark.slow

#: Bytes of a file that is sent: some of the server's parts, and not a whole number of them.
LARGE = 21_000_001


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    settings = GatewaySettings(trusts_everybody=True, webhook_networks=(ip_network("127.0.0.1"),))
    with open_site(tmp_path_factory.mktemp("site"), settings) as opened:
        yield opened


@pytest.fixture(scope="module")
def url(site: Site) -> Iterator[str]:
    with served(site.app) as address:
        yield address


@pytest.fixture
def open_client(tmp_path: Path) -> Iterator[Callable[..., Client]]:
    """Clients of one user, whose notes lie in one folder."""
    opened: list[Client] = []

    def make(url: str, patience_s: float = 30.0) -> Client:
        opened.append(Client(url, patience_s=patience_s, notes=tmp_path / "notes"))
        return opened[-1]

    yield make
    for client in opened:
        client.close()


@pytest.fixture(scope="module")
def ready(
    site: Site, url: str, small_show: SmallShow, tmp_path_factory: pytest.TempPathFactory
) -> Video:
    """The small show, worked on by all stages."""
    wishes = Wishes(title="제니", group="show", external_id="ours", labels={"show": "small"})
    with Client(url, notes=tmp_path_factory.mktemp("notes")) as client:
        return client.wait(client.submit(small_show.video, wishes).id)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("large") / "large.mp4"
    path.write_bytes(np.random.default_rng(1).bytes(LARGE))
    return path


class Counted:
    """Looks at the bytes that are there."""

    first = last = -1

    def __call__(self, done: int, _: int) -> None:
        self.first = done if self.first < 0 else self.first
        self.last = done


def digest_of(site: Site, upload: str) -> str:
    """The digest of all bytes that have arrived."""
    found = hashlib.sha256()
    for part in site.house.objects.list(f"uploads/{upload}/part-"):
        found.update(site.house.objects.get(part))
    return found.hexdigest()


def test_a_video_is_submitted_waited_for_and_its_fancams_are_fetched(
    ready: Video,
    url: str,
    small_show: SmallShow,
    open_client: Callable[..., Client],
    tmp_path: Path,
) -> None:
    assert (ready.state, ready.title, ready.external_id) == ("ready", "제니", "ours")
    client = open_client(url)
    wanted = client.wanted(client.watch(ready.id))
    files = [client.fetch(one, tmp_path / "out") for one in wanted]
    assert [file.name for file in files] == [f"{name}.mp4" for name in small_show.members]
    for file in files:
        with av.open(file) as container:
            assert sum(1 for _ in container.decode(video=0)) == ready.source.frames
    (aria,) = client.wanted(client.watch(ready.id), ["aria"], ["9x16"])
    assert aria.person.name == "Aria"
    with pytest.raises(Refused, match="nobody here is called 'Lisa'"):
        client.wanted(client.watch(ready.id), ["Lisa"])


def test_the_same_file_and_wishes_are_the_same_video(
    ready: Video, url: str, small_show: SmallShow, open_client: Callable[..., Client]
) -> None:
    again = open_client(url).submit(small_show.video, Wishes(group="show"))
    assert (again.id, again.run_id, again.state) == (ready.id, ready.run_id, "ready")


def test_what_was_submitted_from_here_is_not_sent_again(
    ready: Video, url: str, small_show: SmallShow, open_client: Callable[..., Client]
) -> None:
    client, counted = open_client(url), Counted()
    for _ in range(2):
        assert client.submit(small_show.video, Wishes(group="show"), counted).id == ready.id
        size, counted = counted.last, Counted()
    assert size == -1
    other = client.submit(small_show.video, Wishes(group="show", people=3, to_s=1), counted)
    assert counted.last == small_show.video.stat().st_size
    client.wait(other.id)  # or a later test's webhook hears of its end


def test_an_upload_that_breaks_at_half_goes_on_and_every_byte_is_right(
    site: Site, url: str, large: Path, open_client: Callable[..., Client]
) -> None:
    wire = Wire(url, up=LARGE // 2)
    counted = Counted()
    upload = open_client(wire.url).upload(large, counted)
    wire.close()
    assert wire.breaks == 1
    assert wire.carried["up"] < 1.3 * LARGE
    assert counted.last == LARGE
    assert digest_of(site, upload) == hashlib.sha256(large.read_bytes()).hexdigest()


def test_an_upload_that_was_given_up_is_gone_on_with_by_the_next_process(
    site: Site, url: str, large: Path, open_client: Callable[..., Client]
) -> None:
    def stop(done: int, total: int) -> None:
        if done > total // 2:
            raise KeyboardInterrupt

    first = open_client(url)
    with pytest.raises(KeyboardInterrupt):
        first.upload(large, stop)
    first.close()
    time.sleep(0.5)  # the server stores what has come
    counted = Counted()
    upload = open_client(url).upload(large, counted)
    assert counted.first > LARGE // 3
    assert digest_of(site, upload) == hashlib.sha256(large.read_bytes()).hexdigest()


def test_a_changed_file_is_another_upload(
    url: str, open_client: Callable[..., Client], tmp_path: Path
) -> None:
    file = tmp_path / "file.mp4"
    file.write_bytes(b"one")
    first = open_client(url).upload(file)
    assert open_client(url).upload(file) == first
    file.write_bytes(b"other")
    assert open_client(url).upload(file) != first


def test_a_download_that_breaks_goes_on_from_there(
    ready: Video, url: str, open_client: Callable[..., Client], tmp_path: Path
) -> None:
    whole, broken = tmp_path / "whole.mp4", tmp_path / "broken.mp4"
    source = f"/api/v1/videos/{ready.id}/stage.mp4"
    size = open_client(url).download(source, whole).stat().st_size
    wire = Wire(url, down=size // 2)
    open_client(wire.url).download(source, broken)
    wire.close()
    assert wire.breaks == 1
    assert wire.carried["down"] < size + 20_000
    assert broken.read_bytes() == whole.read_bytes()
    assert not list(tmp_path.glob(".*.part"))


def test_nothing_lies_under_the_name_before_it_is_whole_and_the_next_process_goes_on(
    ready: Video, url: str, open_client: Callable[..., Client], tmp_path: Path
) -> None:
    source, file = f"/api/v1/videos/{ready.id}/stage.mp4", tmp_path / "stage.mp4"
    wire = Wire(url, down=100_000)
    with pytest.raises(ServerAway):
        open_client(wire.url, patience_s=-1).download(source, file)
    assert not file.exists()
    counted = Counted()
    open_client(url).download(source, file, counted)
    assert counted.first > 90_000
    assert counted.last == file.stat().st_size
    wire = Wire(url)
    open_client(wire.url).download(source, file)
    assert wire.carried["down"] < 2_000  # it has not changed


def test_a_wait_survives_a_broken_stream(
    ready: Video, url: str, open_client: Callable[..., Client]
) -> None:
    wire = Wire(url, down=3_000)
    changes = open_client(wire.url).follow(ready.id)
    assert next(changes).title == "제니"
    open_client(url).change(ready.id, title="로제")
    assert next(changes).title == "로제"
    open_client(url).change(ready.id, title="제니")
    assert next(changes).title == "제니"
    changes.close()
    assert wire.breaks == 1


def test_a_refusal_carries_the_problem_document(
    url: str, small_show: SmallShow, open_client: Callable[..., Client]
) -> None:
    client = open_client(url)
    with pytest.raises(Problem) as caught:
        client.submit(small_show.video, Wishes(group="nobody's"))
    assert (caught.value.status, caught.value.kind) == (422, "unknown-group")
    assert caught.value.document["title"] == "Unprocessable Entity"
    with pytest.raises(Problem) as caught:
        client.video("../../me")
    assert caught.value.status in (404, 422)
    with pytest.raises(ServerAway):
        open_client("http://127.0.0.1:1").groups()
    with pytest.raises(Refused):
        open_client("ftp://127.0.0.1")


def test_videos_are_listed_page_by_page(
    ready: Video, url: str, open_client: Callable[..., Client]
) -> None:
    assert ready.id in [video.id for video in open_client(url).videos()]


def test_names_pins_and_publishing_reach_webhooks(
    ready: Video, url: str, open_client: Callable[..., Client], small_show: SmallShow
) -> None:
    client = open_client(url)
    with listening(Target([204])) as target:
        made = client.add_webhook(target.url, ["published", "finished", "deleted"])
        assert [webhook.id for webhook in client.webhooks()] == [made.id]
        video = client.submit(small_show.video, Wishes(group="show", to_s=2))
        client.wait(video.id)
        (person, *_) = client.people(video.id)
        for span in person.spans:
            client.confirm_span(video.id, span.id)
        client.judge(video.id, person.id, "approve")
        assert client.judge(video.id, person.id, "publish").publication.state == "published"
        client.delete(video.id)
        requests = target.wait_for(3)
    client.remove_webhook(made.id)
    events = [
        verify_webhook(made.secret, sent.headers["x-inyourarea-signature"], sent.body)
        for sent in requests
    ]
    assert [event.event for event in events] == ["finished", "published", "deleted"]
    assert {event.video.id for event in events} == {video.id}
    with pytest.raises(Problem):
        client.video(video.id)


def test_a_webhook_to_a_private_address_is_refused_at_once(
    url: str, open_client: Callable[..., Client]
) -> None:
    for address in ("http://10.0.0.1/", "http://[::1]/", "http://169.254.169.254/latest"):
        with pytest.raises(Problem) as caught:
            open_client(url).add_webhook(address, ["finished"])
        assert caught.value.kind == "webhook-address"


def test_the_commands_submit_tell_and_fetch(
    url: str, small_show: SmallShow, ready: Video, tmp_path: Path
) -> None:
    to = ("--server", url)
    done = inyourarea(
        *("submit", small_show.video, *to, "--group", "show", "--out", tmp_path / "out", "--json")
    )
    told = json.loads(done.stdout)
    assert told["id"] == ready.id
    assert [Path(name).stem for name in told["fancams"]] == list(small_show.members)
    listed = json.loads(inyourarea("status", *to, "--label", "show=small", "--json").stdout)
    assert [video["id"] for video in listed] == [ready.id]
    assert "Aria" in inyourarea("status", ready.id, *to).stdout
    fetched = inyourarea(
        *("fetch", ready.id, *to, "--out", tmp_path / "hers", "--member", "aria", "--json")
    )
    (hers,) = json.loads(fetched.stdout)["fancams"]
    assert Path(hers).read_bytes() == (tmp_path / "out" / "Aria.mp4").read_bytes()
    wrong = inyourarea("fetch", "0" * 32, *to, "--out", tmp_path, check=False)
    assert wrong.returncode == 1
    assert len(wrong.stderr.splitlines()) == 1


def test_the_pin_command_tells_what_changes_before_it_applies_it(
    url: str,
    small_show: SmallShow,
    ready: Video,
    open_client: Callable[..., Client],
    tmp_path: Path,
) -> None:
    client = open_client(url)
    watch = client.watch(ready.id)
    one, other = watch.people[:2]
    places = json.loads(
        client.download(f"/api/v1/runs/{watch.run_id}/boxes.json", tmp_path / "b").read_text()
    )["people"]
    lines = []
    for pinned, name in ((one, other), (other, one)):
        stretch = next(part for part in places[pinned.id] if part["first_frame"] == 0)
        x1, y1, x2, y2 = stretch["boxes"][:4]
        lines.append(f"0,,{(x1 + x2) / 2},{(y1 + y2) / 2},,,{name.name}\n")
    pins = tmp_path / "pins.csv"
    pins.write_text("".join(lines))
    command = ("pin", ready.id, "--server", url, "--pins", pins)
    told = inyourarea(*command, "--preview").stdout
    assert f"{one.name}, 0:00.0 to" in told
    assert "becomes somewhere else" in told
    assert client.pins(ready.id).pins == ()
    assert "segments are drawn again" in inyourarea(*command).stdout
    assert len(client.pins(ready.id).pins) == 2
    ended = client.wait(ready.id)
    assert (ended.state, ended.run_id != ready.run_id) == ("ready", True)
    again = json.loads(inyourarea(*command, "--json").stdout)
    assert (again["changes"], len(client.pins(ready.id).pins)) == ([], 2)
