"""Articles on lawsuits that have no case yet wait for one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the table of those that wait, by the parties they name."""
    op.create_table(
        "case_waiting",
        sa.Column("party_key", sa.String(length=128), nullable=False),
        sa.Column("item_id", KEY, nullable=False),
        sa.ForeignKeyConstraint(
            ["item_id"], ["items.id"], name=op.f("fk_case_waiting_item_id_items"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("party_key", "item_id", name=op.f("pk_case_waiting")),
    )
    op.create_index(op.f("ix_case_waiting_item_id"), "case_waiting", ["item_id"], unique=False)


def downgrade() -> None:
    """Drop it."""
    op.drop_index(op.f("ix_case_waiting_item_id"), table_name="case_waiting")
    op.drop_table("case_waiting")
