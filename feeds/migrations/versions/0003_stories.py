"""Articles are compared by fingerprints and found by keys; cases are found by their parties."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add fingerprints, the keys that lead to them, and who stands in a case and which articles speak of it."""
    op.create_table(
        "fingerprints",
        sa.Column("item_id", KEY, nullable=False),
        sa.Column("record", JSON, nullable=False),
        sa.ForeignKeyConstraint(
            ["item_id"], ["items.id"], name=op.f("fk_fingerprints_item_id_items"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("item_id", name=op.f("pk_fingerprints")),
    )
    op.create_table(
        "story_keys",
        sa.Column("key", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("item_id", KEY, nullable=False),
        sa.ForeignKeyConstraint(
            ["item_id"], ["items.id"], name=op.f("fk_story_keys_item_id_items"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("key", "day", "item_id", name=op.f("pk_story_keys")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_story_keys_item_id"), "story_keys", ["item_id"], unique=False)
    _create_case_parts()


def _create_case_parts() -> None:
    op.create_table(
        "case_parties",
        sa.Column("case_id", sa.String(length=64), nullable=False),
        sa.Column("side", sa.String(length=16), nullable=False),
        sa.Column("party_key", sa.String(length=128), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name=op.f("fk_case_parties_case_id_cases"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("case_id", "side", "party_key", name=op.f("pk_case_parties")),
    )
    op.create_index(op.f("ix_case_parties_party_key"), "case_parties", ["party_key"], unique=False)
    op.create_table(
        "case_items",
        sa.Column("case_id", sa.String(length=64), nullable=False),
        sa.Column("item_id", KEY, nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name=op.f("fk_case_items_case_id_cases"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["item_id"], ["items.id"], name=op.f("fk_case_items_item_id_items"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("case_id", "item_id", name=op.f("pk_case_items")),
    )
    op.create_index(op.f("ix_case_items_item_id"), "case_items", ["item_id"], unique=False)


def downgrade() -> None:
    """Drop them."""
    op.drop_index(op.f("ix_case_items_item_id"), table_name="case_items")
    op.drop_table("case_items")
    op.drop_index(op.f("ix_case_parties_party_key"), table_name="case_parties")
    op.drop_table("case_parties")
    op.drop_index(op.f("ix_story_keys_item_id"), table_name="story_keys")
    op.drop_table("story_keys")
    op.drop_table("fingerprints")
