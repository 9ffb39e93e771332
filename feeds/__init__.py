"""Enforcement news and lawsuits, watched: feeds in, one digest a day out.

>>> from feeds.sources import load_sources
>>> from feeds.store import Store
>>> from feeds.monitor import poll
>>> report = poll(Store.open("sqlite:///news.db"), load_sources("sources.toml"))  # doctest: +SKIP
>>> report.new_items  # doctest: +SKIP
12

Import names from their part, as above; this package imports nothing heavy by itself.
"""
