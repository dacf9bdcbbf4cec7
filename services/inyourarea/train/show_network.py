"""Learn the show's members and export what was learned: the steps that need torch."""

import json

import numpy as np

from inyourarea.train.answers import letterboxed
from inyourarea.train.course import ARCHITECTURE, Course
from inyourarea.train.graph import model_bytes
from inyourarea.train.repository import write_whole
from inyourarea.train.show_model import GROUP_FILE, LOOKS, SHOW, UNSEEN, Workshop, group_toml
from inyourarea.train.show_pictures import MEMBERS, PICTURE_SIZE
from inyourarea.train.training import (
    read_network,
    read_progress,
    train_network,
    write_starting_weights,
)
from inyourarea.train.windows import read_picture
from inyourarea.train.yolo import check_parity, export_network

PARITY_PICTURES = 4


def learn(workshop: Workshop, hours: float) -> None:
    """Train from scratch, or go on with a run that was stopped, for that many hours."""
    train_network(
        Course(
            pictures=workshop.pictures,
            picture_size=PICTURE_SIZE,
            classes=MEMBERS,
            work=workshop.work,
            hours=hours,
            seed=0,
        )
    )


def export(workshop: Workshop) -> tuple[float, float]:
    """Write a float model for each look, the weights to start from and the group file.

    Returns the largest difference between network and files in pixels and in score.

    Raises:
        ParityBroken: a file does not answer as the network does; it is not written.
    """
    network = read_network(workshop.checkpoint)
    images = sorted((workshop.pictures / "images" / UNSEEN.name).glob("*.jpg"))
    chosen = images[:: max(1, len(images) // PARITY_PICTURES)]
    differences = []
    for look in LOOKS:
        content = model_bytes(export_network(network, look))
        frames = [letterboxed(read_picture(image), look) for image in chosen]
        differences.append(check_parity(network, content, np.stack(frames)))
        write_whole(workshop.float_model(look), content)
    box_px, score = np.max(differences, axis=0).tolist()
    write_starting_weights(network, ARCHITECTURE, workshop.models / SHOW.name / "show.pt")
    write_whole(workshop.models / GROUP_FILE, group_toml().encode())
    progress = {**read_progress(workshop.checkpoint), "box_px": box_px, "score": score}
    write_whole(workshop.progress, json.dumps(progress).encode())
    return box_px, score
