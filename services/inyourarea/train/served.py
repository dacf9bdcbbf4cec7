"""Ask a model on a Triton server, to see that it answers as its file does here."""

import numpy as np
from numpy.typing import NDArray
from tritonclient.grpc import InferenceServerClient, InferInput
from tritonclient.utils import InferenceServerException

from inyourarea.contracts.model import BOXES_OUTPUT, FRAMES_INPUT, SCORES_OUTPUT
from inyourarea.core.errors import Refused
from inyourarea.train.parity import Answer, Look


def served(address: str, model: str, version: int) -> Look:
    """How a served version answers.

    Raises:
        Refused: (also when asked) the server is not there, or has no such version.
    """
    client = InferenceServerClient(address)

    def look(frames: NDArray[np.uint8]) -> Answer:
        given = InferInput(FRAMES_INPUT, list(frames.shape), "UINT8")
        given.set_data_from_numpy(frames)
        try:
            answer = client.infer(model, [given], model_version=str(version))
        except InferenceServerException as error:
            raise Refused(
                f"The Triton at {address} does not answer for {model} {version}: "
                f"{error.message()}. Let it load the model first."
            ) from error
        return answer.as_numpy(BOXES_OUTPUT), answer.as_numpy(SCORES_OUTPUT)

    return look
