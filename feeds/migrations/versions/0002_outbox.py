"""Digests remember what they left out; recipients can leave a group."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the mark of what was told, and the table of those who left."""
    op.add_column("digest_items", sa.Column("told", sa.Boolean(), server_default=sa.true(), nullable=False))
    op.create_table(
        "unsubscribed",
        sa.Column("recipients_group", sa.String(length=128), nullable=False),
        sa.Column("recipient", sa.String(length=320), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("recipients_group", "recipient", name=op.f("pk_unsubscribed")),
    )
