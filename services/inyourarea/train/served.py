"""Ask a model on a Triton server, to see that it answers as its file does here."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray
from tritonclient.grpc import InferenceServerClient, InferInput
from tritonclient.utils import InferenceServerException

from inyourarea.contracts.model import BOXES_OUTPUT, FRAMES_INPUT, SCORES_OUTPUT
from inyourarea.core.errors import Refused
from inyourarea.train.parity import Answer, Look


def served(address: str, names: Sequence[str], version: int) -> Look:
    """How a served version answers, which the server has by the first of these names that it knows.

    Raises:
        Refused: (also when asked) the server is not there, or has no such version.
    """
    client = InferenceServerClient(address)

    @contextmanager
    def asked() -> Iterator[None]:
        try:
            yield
        except InferenceServerException as error:
            raise Refused(f"The Triton at {address} does not answer: {error.message()}.") from error

    with asked():
        model = next((one for one in names if client.is_model_ready(one, str(version))), None)
    if model is None:
        raise Refused(
            f"The Triton at {address} has no version {version} of {' or '.join(names)}; let it "
            "load the model first."
        )

    def look(frames: NDArray[np.uint8]) -> Answer:
        given = InferInput(FRAMES_INPUT, list(frames.shape), "UINT8")
        given.set_data_from_numpy(frames)
        with asked():
            answer = client.infer(model, [given], model_version=str(version))
        return Answer(answer.as_numpy(BOXES_OUTPUT), answer.as_numpy(SCORES_OUTPUT))

    return look
