"""Who and what a listing names: brands, also disguised ones, and ways to reach the seller. No spaCy needed here.

The matchers are plain Python; :mod:`nlp.entities.factories` hangs them into anybody's spaCy pipeline.
"""
