"""Labelled data in, a model folder out. See `fauxwatch train --help`."""
