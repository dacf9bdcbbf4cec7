"""From what became true of a video to the events that webhooks are told of."""

from inyourarea.gateway import documents as doc
from inyourarea.gateway.access import Person, Role
from inyourarea.gateway.catalog import Row
from inyourarea.gateway.house import House
from inyourarea.gateway.problems import NotThere
from inyourarea.gateway.views import video_document, watch_document
from inyourarea.gateway.webhooks import Event


def event_of(house: House, name: doc.EventName, row: Row, occasion: str = "") -> Event:
    """An event of the video as it is now.

    ``occasion`` tells it from others of its kind in the video's life: it is told once, however
    often it is noticed.
    """
    video = video_document(house, row).model_dump(mode="json")
    return Event(name, video, f"{row['created_ns']}-{occasion}")


def announce_run(house: House, event: doc.EventName, video: str, run: str) -> None:
    """Webhooks are told what became of a run, if it is the video's newest and it is true of it."""
    row = house.catalog.video(video)
    if row is None or row["run_id"] != run or not house.webhooks.are_asked_for(event):
        return
    if event == "finished" and row["state"] == "ready":
        house.webhooks.tell(event_of(house, event, row, run))
    elif event == "failed" and row["state"] == "failed":
        each_time = f"{run}-{row['revision']}"  # a retry has raised the revision
        house.webhooks.tell(event_of(house, event, row, each_time))
    elif event == "needs_review" and row["shown_run_id"] == run:
        try:
            people = watch_document(house, row, Person(Role.OPERATOR)).people
        except NotThere:
            return  # it has been deleted meanwhile
        if any(not span.confirmed for somebody in people for span in somebody.spans):
            house.webhooks.tell(event_of(house, event, row, run))
