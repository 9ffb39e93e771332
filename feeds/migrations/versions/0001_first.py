"""The first schema: sources, items, stories, cases, digests, outbox."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create every table."""
    op.create_table(
        "cases",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("status", sa.String(length=32), server_default="", nullable=False),
        sa.Column("court", sa.Text(), server_default="", nullable=False),
        sa.Column("jurisdiction", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("record", JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cases")),
    )
    op.create_index(op.f("ix_cases_updated_at"), "cases", ["updated_at"], unique=False)
    op.create_table(
        "digests",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("recipients_group", sa.String(length=128), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("subject", sa.Text(), server_default="", nullable=False),
        sa.Column("record", JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_digests")),
        sa.UniqueConstraint("recipients_group", "day", name=op.f("uq_digests_recipients_group_day")),
    )
    op.create_table(
        "robots",
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("mode", sa.String(length=16), nullable=False),
        sa.Column("text", sa.Text(), server_default="", nullable=False),
        sa.Column("expires", TIME, nullable=False),
        sa.PrimaryKeyConstraint("origin", name=op.f("pk_robots")),
    )
    op.create_table(
        "settings",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("value", JSON, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_settings")),
    )
    op.create_table(
        "sources",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("config", JSON, nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("added_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sources")),
        sa.UniqueConstraint("url", name=op.f("uq_sources_url")),
    )
    op.create_table(
        "stories",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("title", sa.Text(), server_default="", nullable=False),
        sa.Column("kind", sa.String(length=32), server_default="", nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("record", JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stories")),
    )
    op.create_index(op.f("ix_stories_updated_at"), "stories", ["updated_at"], unique=False)
    op.create_table(
        "bodies",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("source_id", KEY, nullable=False),
        sa.Column("fetched_at", TIME, nullable=False),
        sa.Column("url", sa.Text(), server_default="", nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("headers", JSON, nullable=False),
        sa.Column("redirects", JSON, nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["source_id"], ["sources.id"], name=op.f("fk_bodies_source_id_sources"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bodies")),
    )
    op.create_index("ix_bodies_source_id_state", "bodies", ["source_id", "state"], unique=False)
    op.create_table(
        "case_aliases",
        sa.Column("case_id", sa.String(length=64), nullable=False),
        sa.Column("alias_key", sa.String(length=256), nullable=False),
        sa.Column("alias", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name=op.f("fk_case_aliases_case_id_cases"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("case_id", "alias_key", name=op.f("pk_case_aliases")),
    )
    op.create_index(op.f("ix_case_aliases_alias_key"), "case_aliases", ["alias_key"], unique=False)
    op.create_table(
        "case_dockets",
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("case_id", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Text(), server_default="", nullable=False),
        sa.Column("court", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name=op.f("fk_case_dockets_case_id_cases"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_case_dockets")),
    )
    op.create_index(op.f("ix_case_dockets_case_id"), "case_dockets", ["case_id"], unique=False)
    op.create_table(
        "case_events",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("case_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("happened_on", sa.Date(), nullable=True),
        sa.Column("docket_key", sa.String(length=128), server_default="", nullable=False),
        sa.Column("added_at", TIME, nullable=False),
        sa.Column("record", JSON, nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name=op.f("fk_case_events_case_id_cases"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_events")),
    )
    op.create_index(op.f("ix_case_events_case_id"), "case_events", ["case_id"], unique=False)
    op.create_table(
        "fetch_states",
        sa.Column("source_id", KEY, nullable=False),
        sa.Column("url", sa.Text(), server_default="", nullable=False),
        sa.Column("status", sa.String(length=16), server_default="new", nullable=False),
        sa.Column("etag", sa.Text(), server_default="", nullable=False),
        sa.Column("last_modified", sa.Text(), server_default="", nullable=False),
        sa.Column("validator_url", sa.Text(), server_default="", nullable=False),
        sa.Column("body_sha256", sa.String(length=64), server_default="", nullable=False),
        sa.Column("full_fetch_at", TIME, nullable=True),
        sa.Column("next_due", TIME, nullable=True),
        sa.Column("not_before", TIME, nullable=True),
        sa.Column("interval_s", sa.Integer(), server_default="3600", nullable=False),
        sa.Column("ttl_s", sa.Integer(), nullable=True),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("failing_since", TIME, nullable=True),
        sa.Column("last_attempt", TIME, nullable=True),
        sa.Column("last_success", TIME, nullable=True),
        sa.Column("last_new_item", TIME, nullable=True),
        sa.Column("error_kind", sa.Text(), server_default="", nullable=False),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.Column("http_status", sa.Integer(), nullable=True),
        sa.Column("retired_at", TIME, nullable=True),
        sa.Column("guid_trust", sa.String(length=16), server_default="unknown", nullable=False),
        sa.Column("link_trust", sa.String(length=16), server_default="unknown", nullable=False),
        sa.Column("lease_owner", sa.Text(), server_default="", nullable=False),
        sa.Column("lease_until", TIME, nullable=True),
        sa.ForeignKeyConstraint(
            ["source_id"], ["sources.id"], name=op.f("fk_fetch_states_source_id_sources"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("source_id", name=op.f("pk_fetch_states")),
    )
    op.create_index(op.f("ix_fetch_states_next_due"), "fetch_states", ["next_due"], unique=False)
    op.create_table(
        "items",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("source_id", KEY, nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("guid", sa.Text(), server_default="", nullable=False),
        sa.Column("url", sa.Text(), server_default="", nullable=False),
        sa.Column("link_key", sa.Text(), server_default="", nullable=False),
        sa.Column("title", sa.Text(), server_default="", nullable=False),
        sa.Column("title_key", sa.Text(), server_default="", nullable=False),
        sa.Column("summary", sa.Text(), server_default="", nullable=False),
        sa.Column("text", sa.Text(), server_default="", nullable=False),
        sa.Column("author", sa.Text(), server_default="", nullable=False),
        sa.Column("publisher", sa.Text(), server_default="", nullable=False),
        sa.Column("lang", sa.String(length=35), server_default="", nullable=False),
        sa.Column("published", TIME, nullable=True),
        sa.Column("published_raw", sa.Text(), server_default="", nullable=False),
        sa.Column("date_doubt", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("court", JSON, nullable=True),
        sa.Column("first_seen", TIME, nullable=False),
        sa.Column("last_seen", TIME, nullable=False),
        sa.Column("revision", sa.Integer(), server_default="1", nullable=False),
        sa.Column("full_text", sa.Text(), server_default="", nullable=False),
        sa.Column("full_text_state", sa.String(length=16), server_default="", nullable=False),
        sa.Column("full_text_attempts", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["source_id"], ["sources.id"], name=op.f("fk_items_source_id_sources"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_items")),
        sa.UniqueConstraint("source_id", "key", name=op.f("uq_items_source_id_key")),
    )
    op.create_index(op.f("ix_items_first_seen"), "items", ["first_seen"], unique=False)
    op.create_index("ix_items_full_text_state", "items", ["full_text_state"], unique=False)
    op.create_index("ix_items_source_id_content_hash", "items", ["source_id", "content_hash"], unique=False)
    op.create_index("ix_items_source_id_guid", "items", ["source_id", "guid"], unique=False)
    op.create_index("ix_items_source_id_link_key", "items", ["source_id", "link_key"], unique=False)
    op.create_index("ix_items_source_id_title_key", "items", ["source_id", "title_key"], unique=False)
    op.create_table(
        "outbox",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("digest_id", sa.String(length=64), nullable=False),
        sa.Column("recipient", sa.String(length=320), nullable=False),
        sa.Column("sender", sa.String(length=320), nullable=False),
        sa.Column("message_id", sa.String(length=320), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("next_attempt", TIME, nullable=True),
        sa.Column("last_attempt", TIME, nullable=True),
        sa.Column("accepted_at", TIME, nullable=True),
        sa.Column("smtp_code", sa.Integer(), nullable=True),
        sa.Column("smtp_text", sa.Text(), server_default="", nullable=False),
        sa.Column("lease_owner", sa.Text(), server_default="", nullable=False),
        sa.Column("lease_until", TIME, nullable=True),
        sa.ForeignKeyConstraint(
            ["digest_id"], ["digests.id"], name=op.f("fk_outbox_digest_id_digests"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("digest_id", "recipient", name=op.f("uq_outbox_digest_id_recipient")),
        sa.UniqueConstraint("message_id", name=op.f("uq_outbox_message_id")),
    )
    op.create_index("ix_outbox_state_next_attempt", "outbox", ["state", "next_attempt"], unique=False)
    op.create_table(
        "analyses",
        sa.Column("item_id", KEY, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("analyser", sa.String(length=64), nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("relevant", sa.Boolean(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("event_date", sa.Date(), nullable=True),
        sa.Column("record", JSON, nullable=False),
        sa.ForeignKeyConstraint(
            ["item_id"], ["items.id"], name=op.f("fk_analyses_item_id_items"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("item_id", "revision", "analyser", name=op.f("pk_analyses")),
    )
    op.create_index("ix_analyses_analyser_relevant", "analyses", ["analyser", "relevant"], unique=False)
    op.create_table(
        "digest_events",
        sa.Column("recipients_group", sa.String(length=128), nullable=False),
        sa.Column("event_id", sa.String(length=64), nullable=False),
        sa.Column("digest_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["digest_id"], ["digests.id"], name=op.f("fk_digest_events_digest_id_digests"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["event_id"],
            ["case_events.id"],
            name=op.f("fk_digest_events_event_id_case_events"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("recipients_group", "event_id", name=op.f("pk_digest_events")),
    )
    op.create_index(op.f("ix_digest_events_digest_id"), "digest_events", ["digest_id"], unique=False)
    op.create_table(
        "digest_items",
        sa.Column("recipients_group", sa.String(length=128), nullable=False),
        sa.Column("item_id", KEY, nullable=False),
        sa.Column("revision", sa.Integer(), server_default="1", nullable=False),
        sa.Column("digest_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["digest_id"], ["digests.id"], name=op.f("fk_digest_items_digest_id_digests"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["item_id"], ["items.id"], name=op.f("fk_digest_items_item_id_items"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("recipients_group", "item_id", name=op.f("pk_digest_items")),
    )
    op.create_index(op.f("ix_digest_items_digest_id"), "digest_items", ["digest_id"], unique=False)
    op.create_table(
        "embeddings",
        sa.Column("item_id", KEY, nullable=False),
        sa.Column("encoder", sa.String(length=64), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["item_id"], ["items.id"], name=op.f("fk_embeddings_item_id_items"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("item_id", "encoder", name=op.f("pk_embeddings")),
    )
    op.create_table(
        "event_items",
        sa.Column("event_id", sa.String(length=64), nullable=False),
        sa.Column("item_id", KEY, nullable=False),
        sa.ForeignKeyConstraint(
            ["event_id"],
            ["case_events.id"],
            name=op.f("fk_event_items_event_id_case_events"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["item_id"], ["items.id"], name=op.f("fk_event_items_item_id_items"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("event_id", "item_id", name=op.f("pk_event_items")),
    )
    op.create_index(op.f("ix_event_items_item_id"), "event_items", ["item_id"], unique=False)
    op.create_table(
        "revisions",
        sa.Column("item_id", KEY, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("seen_at", TIME, nullable=False),
        sa.Column("title", sa.Text(), server_default="", nullable=False),
        sa.Column("text", sa.Text(), server_default="", nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("body_id", KEY, nullable=True),
        sa.ForeignKeyConstraint(
            ["item_id"], ["items.id"], name=op.f("fk_revisions_item_id_items"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("item_id", "number", name=op.f("pk_revisions")),
        sa.UniqueConstraint("item_id", "content_hash", name=op.f("uq_revisions_item_id_content_hash")),
    )
    op.create_table(
        "story_items",
        sa.Column("item_id", KEY, nullable=False),
        sa.Column("story_id", sa.String(length=64), nullable=False),
        sa.Column("joined_at", TIME, nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("similarity", sa.Float(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(
            ["item_id"], ["items.id"], name=op.f("fk_story_items_item_id_items"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["story_id"], ["stories.id"], name=op.f("fk_story_items_story_id_stories"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("item_id", name=op.f("pk_story_items")),
    )
    op.create_index(op.f("ix_story_items_story_id"), "story_items", ["story_id"], unique=False)


def downgrade() -> None:
    """Drop every table."""
    op.drop_index(op.f("ix_story_items_story_id"), table_name="story_items")
    op.drop_table("story_items")
    op.drop_table("revisions")
    op.drop_index(op.f("ix_event_items_item_id"), table_name="event_items")
    op.drop_table("event_items")
    op.drop_table("embeddings")
    op.drop_index(op.f("ix_digest_items_digest_id"), table_name="digest_items")
    op.drop_table("digest_items")
    op.drop_index(op.f("ix_digest_events_digest_id"), table_name="digest_events")
    op.drop_table("digest_events")
    op.drop_index("ix_analyses_analyser_relevant", table_name="analyses")
    op.drop_table("analyses")
    op.drop_index("ix_outbox_state_next_attempt", table_name="outbox")
    op.drop_table("outbox")
    op.drop_index("ix_items_source_id_title_key", table_name="items")
    op.drop_index("ix_items_source_id_link_key", table_name="items")
    op.drop_index("ix_items_source_id_guid", table_name="items")
    op.drop_index("ix_items_source_id_content_hash", table_name="items")
    op.drop_index("ix_items_full_text_state", table_name="items")
    op.drop_index(op.f("ix_items_first_seen"), table_name="items")
    op.drop_table("items")
    op.drop_index(op.f("ix_fetch_states_next_due"), table_name="fetch_states")
    op.drop_table("fetch_states")
    op.drop_index(op.f("ix_case_events_case_id"), table_name="case_events")
    op.drop_table("case_events")
    op.drop_index(op.f("ix_case_dockets_case_id"), table_name="case_dockets")
    op.drop_table("case_dockets")
    op.drop_index(op.f("ix_case_aliases_alias_key"), table_name="case_aliases")
    op.drop_table("case_aliases")
    op.drop_index("ix_bodies_source_id_state", table_name="bodies")
    op.drop_table("bodies")
    op.drop_index(op.f("ix_stories_updated_at"), table_name="stories")
    op.drop_table("stories")
    op.drop_table("sources")
    op.drop_table("settings")
    op.drop_table("robots")
    op.drop_table("digests")
    op.drop_index(op.f("ix_cases_updated_at"), table_name="cases")
    op.drop_table("cases")
