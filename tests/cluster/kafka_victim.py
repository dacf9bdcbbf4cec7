"""A process that takes one record and never ends: it waits to be killed."""

import sys
import time

from inyourarea.runtime.kafka_bus import KafkaBus
from inyourarea.runtime.kafka_settings import KafkaSettings
from kafka_house import QUICK

address, group, member, channel = sys.argv[1:]
bus = KafkaBus(KafkaSettings((address,), member=member), group, (channel,), QUICK)
while (record := bus.consume(1)) is None:
    pass
sys.stdout.write(f"{record.value.decode()}\n")
sys.stdout.flush()
time.sleep(600)
