"""A member of a group on a Kafka that nobody has reached."""

from contextlib import closing

import pytest

from inyourarea.runtime.bus import BusAway
from inyourarea.runtime.kafka_bus import KafkaBus
from inyourarea.runtime.kafka_member import Pace
from inyourarea.runtime.kafka_settings import KafkaSettings

#: Nobody listens there.
NOBODY = KafkaSettings(servers=("127.0.0.1:9",))


def test_kafka_is_missing_until_it_was_reached() -> None:
    bus = KafkaBus(NOBODY, "group", ("facts",), Pace(request_s=0.4))
    with closing(bus), pytest.raises(BusAway):
        bus.check()
