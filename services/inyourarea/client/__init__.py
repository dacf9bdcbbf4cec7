"""The HTTP API as a typed library: `Client`, what it gives, and `verify_webhook`."""

from inyourarea.client.client import Client, Search
from inyourarea.client.documents import (
    Change,
    Delivery,
    Fancam,
    Group,
    NewWebhook,
    Person,
    Pin,
    Pins,
    PinsPreview,
    Progress,
    Span,
    Training,
    TrainingWishes,
    Video,
    Watch,
    Webhook,
    WebhookEvent,
    Wishes,
)
from inyourarea.client.server import Problem, ServerAway
from inyourarea.client.signatures import WebhookForged, verify_webhook

__all__ = [
    "Change",
    "Client",
    "Delivery",
    "Fancam",
    "Group",
    "NewWebhook",
    "Person",
    "Pin",
    "Pins",
    "PinsPreview",
    "Problem",
    "Progress",
    "Search",
    "ServerAway",
    "Span",
    "Training",
    "TrainingWishes",
    "Video",
    "Watch",
    "Webhook",
    "WebhookEvent",
    "WebhookForged",
    "Wishes",
    "verify_webhook",
]
