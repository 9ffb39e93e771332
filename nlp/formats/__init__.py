"""How each kind of dump is taken apart: packing, encoding, delimiters, JSON, Parquet, spreadsheets.

Everything here turns files into :class:`nlp.formats.table.Table`; what the columns mean is decided in
:mod:`nlp.formats.columns`, and :mod:`nlp.dumps` is the face that others use.
"""
