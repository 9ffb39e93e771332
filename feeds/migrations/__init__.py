"""Alembic migrations of the news database, run by ``feeds.store.Store.open``."""
