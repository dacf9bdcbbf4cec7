"""The catalog's tables, the same on SQLite and PostgreSQL; migrations bring a database here."""

import sqlalchemy as sa

METADATA = sa.MetaData()

#: Digests are 32 hex digits.
_ID = sa.String(32)

VIDEOS = sa.Table(
    "videos",
    METADATA,
    sa.Column("id", _ID, primary_key=True),
    sa.Column("sha256", sa.String(64), nullable=False, index=True),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("filename", sa.Text, nullable=False),
    sa.Column("searched", sa.Text, nullable=False),
    sa.Column("searched_by_visitors", sa.Text, nullable=False, server_default=""),
    sa.Column("external_id", sa.Text, index=True),
    sa.Column("labels", sa.JSON, nullable=False),
    sa.Column("asked", sa.JSON, nullable=False),
    sa.Column("source", sa.JSON, nullable=False),
    sa.Column("created_ns", sa.BigInteger, nullable=False, index=True),
    sa.Column("state", sa.String(16), nullable=False, index=True),
    sa.Column("failure", sa.Text),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("run_id", _ID, nullable=False),
    sa.Column("shown_run_id", _ID),
    sa.Column("drawn_run_id", _ID),
    sa.Column("pins", sa.JSON, nullable=False),
    sa.Column("stage", sa.JSON),
)

RUNS = sa.Table(
    "runs",
    METADATA,
    sa.Column("id", _ID, primary_key=True),
    sa.Column("video_id", _ID, nullable=False, index=True),
    sa.Column("segments", sa.Integer, nullable=False),
    sa.Column("is_tracked", sa.Boolean, nullable=False),
    sa.Column("is_published", sa.Boolean, nullable=False),
    sa.Column("pictures", sa.JSON, nullable=False),
    sa.Column("streams", sa.JSON, nullable=False),
)

PEOPLE = sa.Table(
    "people",
    METADATA,
    sa.Column("video_id", _ID, primary_key=True),
    sa.Column("person", sa.String(64), primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("names", sa.JSON, nullable=False),
    sa.Column("aliases", sa.JSON, nullable=False),
)

#: Spans that were confirmed, the state of fancams, and which of them are public.
JUDGEMENTS = sa.Table(
    "judgements",
    METADATA,
    sa.Column("video_id", _ID, primary_key=True),
    sa.Column("run_id", _ID, primary_key=True),
    sa.Column("kind", sa.String(16), primary_key=True),
    sa.Column("subject", sa.String(200), primary_key=True),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("at_ns", sa.BigInteger, nullable=False),
)

#: Units of work that were seen to end; progress is counted here, so a fact told twice counts once.
STEPS = sa.Table(
    "steps",
    METADATA,
    sa.Column("run_id", _ID, primary_key=True),
    sa.Column("stage", sa.String(32), primary_key=True),
    sa.Column("segment", sa.Integer, primary_key=True),
    sa.Column("at_ns", sa.BigInteger, nullable=False),
)

#: Who was let in: no journal tells of it, so a rebuild leaves it alone. Of a secret there is only
#: its SHA-256; ``labels`` null: all videos.
TOKENS = sa.Table(
    "tokens",
    METADATA,
    sa.Column("id", sa.String(12), primary_key=True),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("role", sa.String(16), nullable=False),
    sa.Column("labels", sa.JSON(none_as_null=True)),
    sa.Column("created_ns", sa.BigInteger, nullable=False),
    sa.Column("expires_ns", sa.BigInteger),
    sa.Column("revoked_ns", sa.BigInteger),
)

#: Browsers that are signed in, each by a token.
SESSIONS = sa.Table(
    "sessions",
    METADATA,
    sa.Column("sha256", sa.String(64), primary_key=True),
    sa.Column("token_id", sa.String(12), nullable=False, index=True),
    sa.Column("expires_ns", sa.BigInteger, nullable=False),
)

#: Programs that asked to be told. Not made of the journal: a catalog made anew elsewhere has none.
WEBHOOKS = sa.Table(
    "webhooks",
    METADATA,
    sa.Column("id", _ID, primary_key=True),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("events", sa.JSON, nullable=False),
    sa.Column("secret", sa.Text, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("created_ns", sa.BigInteger, nullable=False),
)

#: What each of them has been told, or is to be told from ``next_ns`` on.
DELIVERIES = sa.Table(
    "deliveries",
    METADATA,
    sa.Column("id", _ID, primary_key=True),
    sa.Column("webhook_id", _ID, nullable=False, index=True),
    sa.Column("event", sa.String(16), nullable=False),
    sa.Column("video_id", _ID, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("answer", sa.Text, nullable=False),
    sa.Column("created_ns", sa.BigInteger, nullable=False),
    sa.Column("next_ns", sa.BigInteger, nullable=False),
    sa.Index("ix_deliveries_due", "state", "next_ns"),
)
