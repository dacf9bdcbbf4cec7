"""Where a video's bytes come from: an upload through the gateway, one past it, a key of S3."""

from collections.abc import Iterator
from contextlib import contextmanager

from inyourarea.gateway.access import Person
from inyourarea.gateway.documents import VideoAsked
from inyourarea.gateway.house import House
from inyourarea.gateway.submission import check_scope


@contextmanager
def brought(house: House, asked: VideoAsked, person: Person) -> Iterator[tuple[str, str]]:
    """The file that somebody means is a source within: its digest, and its name.

    Where nothing is raised, it stays a source, and an upload of it is used up; while its time lasts
    that means the same source again.

    Raises:
        Problem: there is no such file, it is not whole, or not for this person.
    """
    if asked.source is not None:
        check_scope(person, asked.labels)  # before anything is stored
        arrival = house.arrivals.refer(asked.source, person.name)
        with house.arrivals.source(arrival) as sha256:
            yield sha256, arrival.filename
        return  # what was found out about it is kept for a day, should it be meant again
    number = asked.upload_id or ""
    if house.arrivals.is_one(number):
        arrival = house.arrivals.find(number, person.name)
        check_scope(person, asked.labels)
        with house.arrivals.source(arrival) as sha256:
            yield sha256, arrival.filename
        house.arrivals.use_up(arrival)
        return
    upload = house.uploads.find(number, person.name)
    check_scope(person, asked.labels)
    with house.uploads.source(upload) as sha256:
        yield sha256, upload.filename
    house.uploads.use_up(upload, sha256)
