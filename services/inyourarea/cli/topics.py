"""``inyourarea topics``: the topics that the services need on a Kafka."""

import argparse
import os
from contextlib import closing
from dataclasses import replace

from inyourarea.contracts.topics import channels
from inyourarea.runtime.kafka_settings import read_settings
from inyourarea.runtime.kafka_topics import KafkaTopics, changes
from inyourarea.runtime.settings import parse_address

_EXAMPLES = """\
examples:
  inyourarea topics apply --kafka 127.0.0.1:9092
      create what is missing, change what differs; again: nothing to do
  inyourarea topics apply --check
      tell what would be done, and end with 1 where anything would; Kafka is as
      INYOURAREA_KAFKA_SERVERS and its fellows say, and topics with lanes have
      INYOURAREA_KAFKA_LANE_PARTITIONS partitions a lane"""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Teach the command line this command."""
    parser = subparsers.add_parser(
        "topics",
        help="make the topics that the services need on a Kafka",
        description="The topics that the services need on a Kafka.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    apply = verbs.add_parser("apply", help="Kafka has them, with partitions and retention")
    apply.add_argument(
        "--kafka", type=_server, metavar="HOST:PORT", help="(INYOURAREA_KAFKA_SERVERS)"
    )
    apply.add_argument("--check", action="store_true", help="only tell what would be done")


def main(args: argparse.Namespace) -> int:
    """Kafka has the topics, or what it lacks is told."""
    settings = read_settings(os.environ)
    if args.kafka:
        settings = replace(settings, servers=(args.kafka,))
    wanted = channels(settings.lane_partitions)
    with closing(KafkaTopics(settings)) as topics:
        needed = changes(wanted, topics.find(channel.name for channel in wanted))
        for change in needed:
            print(change)
        if not args.check:
            topics.make(needed)
    print(f"{len(wanted) - len(needed)} of {len(wanted)} topics were as they should be")
    return 1 if args.check and needed else 0


def _server(text: str) -> str:
    try:
        return parse_address(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text[:80]!r} is no HOST:PORT") from error
