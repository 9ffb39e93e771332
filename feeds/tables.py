"""The tables of the news database; SQLite and PostgreSQL alike.

::

    sources ─ fetch_states           what is polled, and what is remembered between two polls
       ├── bodies                    raw answers, kept before anything is made of them
       └── items ─ revisions         articles, every state a reader could have seen
              ├── analyses           what one version of the analyser understood of one revision
              ├── embeddings, fingerprints, story_keys     by what articles are compared, and how they are found
              ├── story_items ─ stories
              └── event_items ─ case_events ─ cases ─ case_dockets, case_aliases, case_parties, case_items
    digests ─ digest_items, digest_events
       └── outbox                    one mail for each digest and recipient
    unsubscribed, robots, settings

Migrations live in ``feeds/migrations``; a test compares them with this file.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import TypeDecorator

__all__ = ["UtcTime", "metadata"]


class UtcTime(TypeDecorator[datetime]):
    """Aware times in UTC on every database; naive times are refused."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """UTC going in; SQLite keeps it without the zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone")
        stamp = value.astimezone(UTC)
        return stamp.replace(tzinfo=None) if dialect.name == "sqlite" else stamp

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:  # noqa: ARG002
        """UTC coming out."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


metadata: Final = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)
_JSON: Final = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
_ID: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _id(name: str = "id") -> sa.Column[int]:
    return sa.Column(name, _ID, primary_key=True, autoincrement=True)


def _ref(name: str, target: str, **more: Any) -> sa.Column[Any]:
    kind = (
        sa.String(64)
        if target.split(".", maxsplit=1)[0] in {"stories", "cases", "case_events", "digests"}
        else _ID
    )
    return sa.Column(name, kind, sa.ForeignKey(target, ondelete="CASCADE"), nullable=False, **more)


def _text(name: str, **more: Any) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, server_default="", **more)


def _count(name: str, **more: Any) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=False, server_default="0", **more)


def _time(name: str, **more: Any) -> sa.Column[datetime]:
    return sa.Column(name, UtcTime, **more)


sources: Final = sa.Table(
    "sources",
    metadata,
    _id(),
    sa.Column("url", sa.Text, nullable=False, unique=True),
    sa.Column("config", _JSON, nullable=False),
    sa.Column("enabled", sa.Boolean, nullable=False),
    _time("added_at", nullable=False),
)

fetch_states: Final = sa.Table(
    "fetch_states",
    metadata,
    _ref("source_id", "sources.id", primary_key=True),
    _text("url"),
    sa.Column("status", sa.String(16), nullable=False, server_default="new"),
    _text("etag"),
    _text("last_modified"),
    _text("validator_url"),
    sa.Column("body_sha256", sa.String(64), nullable=False, server_default=""),
    _time("full_fetch_at"),
    _time("next_due", index=True),
    _time("not_before"),
    sa.Column("interval_s", sa.Integer, nullable=False, server_default="3600"),
    sa.Column("ttl_s", sa.Integer),
    _count("failures"),
    _time("failing_since"),
    _time("last_attempt"),
    _time("last_success"),
    _time("last_new_item"),
    _text("error_kind"),
    _text("error"),
    sa.Column("http_status", sa.Integer),
    _time("retired_at"),
    sa.Column("guid_trust", sa.String(16), nullable=False, server_default="unknown"),
    sa.Column("link_trust", sa.String(16), nullable=False, server_default="unknown"),
    _text("lease_owner"),
    _time("lease_until"),
)

bodies: Final = sa.Table(
    "bodies",
    metadata,
    _id(),
    _ref("source_id", "sources.id"),
    _time("fetched_at", nullable=False),
    _text("url"),
    sa.Column("status", sa.Integer, nullable=False),
    sa.Column("headers", _JSON, nullable=False),
    sa.Column("redirects", _JSON, nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    _text("note"),
    sa.Index("ix_bodies_source_id_state", "source_id", "state"),
)

robots: Final = sa.Table(
    "robots",
    metadata,
    sa.Column("origin", sa.Text, primary_key=True),
    sa.Column("mode", sa.String(16), nullable=False),
    _text("text"),
    _time("expires", nullable=False),
)

items: Final = sa.Table(
    "items",
    metadata,
    _id(),
    _ref("source_id", "sources.id"),
    sa.Column("key", sa.String(64), nullable=False),
    _text("guid"),
    _text("url"),
    _text("link_key"),
    _text("title"),
    _text("title_key"),
    _text("summary"),
    _text("text"),
    _text("author"),
    _text("publisher"),
    sa.Column("lang", sa.String(35), nullable=False, server_default=""),
    _time("published"),
    _text("published_raw"),
    sa.Column("date_doubt", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("content_hash", sa.String(64), nullable=False),
    sa.Column("court", _JSON),
    _time("first_seen", nullable=False, index=True),
    _time("last_seen", nullable=False),
    sa.Column("revision", sa.Integer, nullable=False, server_default="1"),
    _text("full_text"),
    sa.Column("full_text_state", sa.String(16), nullable=False, server_default=""),
    _count("full_text_attempts"),
    sa.UniqueConstraint("source_id", "key"),
    sa.Index("ix_items_source_id_guid", "source_id", "guid"),
    sa.Index("ix_items_source_id_link_key", "source_id", "link_key"),
    sa.Index("ix_items_source_id_title_key", "source_id", "title_key"),
    sa.Index("ix_items_source_id_content_hash", "source_id", "content_hash"),
    sa.Index("ix_items_full_text_state", "full_text_state"),
)

revisions: Final = sa.Table(
    "revisions",
    metadata,
    _ref("item_id", "items.id", primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    _time("seen_at", nullable=False),
    _text("title"),
    _text("text"),
    sa.Column("content_hash", sa.String(64), nullable=False),
    sa.Column("raw", sa.LargeBinary, nullable=False),
    sa.Column("body_id", _ID),
    sa.UniqueConstraint("item_id", "content_hash"),
)

analyses: Final = sa.Table(
    "analyses",
    metadata,
    _ref("item_id", "items.id", primary_key=True),
    sa.Column("revision", sa.Integer, primary_key=True),
    sa.Column("analyser", sa.String(64), primary_key=True),
    _time("made_at", nullable=False),
    sa.Column("relevant", sa.Boolean, nullable=False),
    sa.Column("score", sa.Float, nullable=False),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("event_date", sa.Date),
    sa.Column("record", _JSON, nullable=False),
    sa.Index("ix_analyses_analyser_relevant", "analyser", "relevant"),
)

embeddings: Final = sa.Table(
    "embeddings",
    metadata,
    _ref("item_id", "items.id", primary_key=True),
    sa.Column("encoder", sa.String(64), primary_key=True),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("vector", sa.LargeBinary, nullable=False),
)

fingerprints: Final = sa.Table(
    "fingerprints",
    metadata,
    _ref("item_id", "items.id", primary_key=True),
    sa.Column("record", _JSON, nullable=False),
)

story_keys: Final = sa.Table(
    "story_keys",
    metadata,
    sa.Column("key", sa.BigInteger, primary_key=True),
    sa.Column("day", sa.Integer, primary_key=True),
    _ref("item_id", "items.id", primary_key=True, index=True),
    sqlite_with_rowid=False,
)

stories: Final = sa.Table(
    "stories",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    _text("title"),
    sa.Column("kind", sa.String(32), nullable=False, server_default=""),
    _time("created_at", nullable=False),
    _time("updated_at", nullable=False, index=True),
    sa.Column("record", _JSON, nullable=False),
)

story_items: Final = sa.Table(
    "story_items",
    metadata,
    _ref("item_id", "items.id", primary_key=True),
    _ref("story_id", "stories.id", index=True),
    _time("joined_at", nullable=False),
    _text("reason"),
    sa.Column("similarity", sa.Float, nullable=False, server_default="1"),
)

cases: Final = sa.Table(
    "cases",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    _text("name"),
    sa.Column("status", sa.String(32), nullable=False, server_default=""),
    _text("court"),
    _text("jurisdiction"),
    _time("created_at", nullable=False),
    _time("updated_at", nullable=False, index=True),
    sa.Column("record", _JSON, nullable=False),
)

case_dockets: Final = sa.Table(
    "case_dockets",
    metadata,
    sa.Column("key", sa.String(128), primary_key=True),
    _ref("case_id", "cases.id", index=True),
    _text("number"),
    _text("court"),
)

case_aliases: Final = sa.Table(
    "case_aliases",
    metadata,
    _ref("case_id", "cases.id", primary_key=True),
    sa.Column("alias_key", sa.String(256), primary_key=True, index=True),
    _text("alias"),
)

case_parties: Final = sa.Table(
    "case_parties",
    metadata,
    _ref("case_id", "cases.id", primary_key=True),
    sa.Column("side", sa.String(16), primary_key=True),
    sa.Column("party_key", sa.String(128), primary_key=True, index=True),
)

case_waiting: Final = sa.Table(
    "case_waiting",
    metadata,
    sa.Column("party_key", sa.String(128), primary_key=True),
    _ref("item_id", "items.id", primary_key=True, index=True),
)

case_items: Final = sa.Table(
    "case_items",
    metadata,
    _ref("case_id", "cases.id", primary_key=True),
    _ref("item_id", "items.id", primary_key=True, index=True),
)

case_events: Final = sa.Table(
    "case_events",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    _ref("case_id", "cases.id", index=True),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("happened_on", sa.Date),
    sa.Column("docket_key", sa.String(128), nullable=False, server_default=""),
    _time("added_at", nullable=False),
    sa.Column("record", _JSON, nullable=False),
)

event_items: Final = sa.Table(
    "event_items",
    metadata,
    _ref("event_id", "case_events.id", primary_key=True),
    _ref("item_id", "items.id", primary_key=True, index=True),
)

digests: Final = sa.Table(
    "digests",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("recipients_group", sa.String(128), nullable=False),
    sa.Column("day", sa.Date, nullable=False),
    _time("created_at", nullable=False),
    _text("subject"),
    sa.Column("record", _JSON, nullable=False),
    sa.UniqueConstraint("recipients_group", "day"),
)

digest_items: Final = sa.Table(
    "digest_items",
    metadata,
    sa.Column("recipients_group", sa.String(128), primary_key=True),
    _ref("item_id", "items.id", primary_key=True),
    sa.Column("revision", sa.Integer, nullable=False, server_default="1"),
    _ref("digest_id", "digests.id", index=True),
    sa.Column("told", sa.Boolean, nullable=False, server_default=sa.true()),
)

digest_events: Final = sa.Table(
    "digest_events",
    metadata,
    sa.Column("recipients_group", sa.String(128), primary_key=True),
    _ref("event_id", "case_events.id", primary_key=True),
    _ref("digest_id", "digests.id", index=True),
)

outbox: Final = sa.Table(
    "outbox",
    metadata,
    _id(),
    _ref("digest_id", "digests.id"),
    sa.Column("recipient", sa.String(320), nullable=False),
    sa.Column("sender", sa.String(320), nullable=False),
    sa.Column("message_id", sa.String(320), nullable=False, unique=True),
    sa.Column("content", sa.LargeBinary, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    _count("attempts"),
    _time("created_at", nullable=False),
    _time("next_attempt"),
    _time("last_attempt"),
    _time("accepted_at"),
    sa.Column("smtp_code", sa.Integer),
    _text("smtp_text"),
    _text("lease_owner"),
    _time("lease_until"),
    sa.UniqueConstraint("digest_id", "recipient"),
    sa.Index("ix_outbox_state_next_attempt", "state", "next_attempt"),
)

unsubscribed: Final = sa.Table(
    "unsubscribed",
    metadata,
    sa.Column("recipients_group", sa.String(128), primary_key=True),
    sa.Column("recipient", sa.String(320), primary_key=True),
    _time("since", nullable=False),
)

settings: Final = sa.Table(
    "settings",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("value", _JSON, nullable=False),
)
