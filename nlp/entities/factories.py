"""spaCy components ``fauxwatch_brands`` and ``fauxwatch_sellers``, for anybody's pipeline of any language.

>>> import spacy
>>> pipeline = spacy.blank("xx")
>>> component = pipeline.add_pipe("fauxwatch_brands")
>>> [(span.text, span._.fauxwatch_brand) for span in pipeline("bolso G*cci nuevo").spans["fauxwatch_brands"]]
[('G*cci', 'Gucci')]

spaCy imports this module for every ``spacy.blank``, so it imports spaCy and the standard library alone; the lexicon is
read when a component sees its first text, so that a saved pipeline loads where the user's own file is gone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.util import filter_spans

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from nlp.entities.brands import BrandFinder

__all__ = ["BrandComponent", "SellerComponent", "make_brands", "make_sellers"]

_BRAND_LABEL: Final = "BRAND"
_SPAN_EXTENSIONS: Final = (
    "fauxwatch_brand",
    "fauxwatch_how",
    "fauxwatch_offered",
    "fauxwatch_kind",
    "fauxwatch_value",
)


@Language.factory(
    "fauxwatch_brands",
    default_config={
        "spans_key": "fauxwatch_brands",
        "annotate_ents": False,
        "offered_only": False,
        "lexicon": None,
    },
    assigns=["doc.spans", "span._.fauxwatch_brand", "span._.fauxwatch_how", "span._.fauxwatch_offered"],
)
def make_brands(  # noqa: PLR0917 - spaCy calls it by keyword
    nlp: Language, name: str, spans_key: str, annotate_ents: bool, offered_only: bool, lexicon: str | None
) -> BrandComponent:
    """The component; ``lexicon`` is a file of further brands, ``annotate_ents`` writes ``doc.ents`` as well."""
    del nlp, name
    return BrandComponent(
        spans_key=spans_key, annotate_ents=annotate_ents, offered_only=offered_only, lexicon=lexicon
    )


@Language.factory(
    "fauxwatch_sellers",
    default_config={"spans_key": "fauxwatch_sellers"},
    assigns=["doc.spans", "span._.fauxwatch_kind", "span._.fauxwatch_value"],
)
def make_sellers(nlp: Language, name: str, spans_key: str) -> SellerComponent:
    """The component that marks contacts and sellers."""
    del nlp, name
    return SellerComponent(spans_key=spans_key)


class BrandComponent:
    """Writes the brands of a text to ``doc.spans[spans_key]``, and to ``doc.ents`` where asked and free."""

    def __init__(
        self,
        *,
        spans_key: str,
        annotate_ents: bool = False,
        offered_only: bool = False,
        lexicon: str | None = None,
    ) -> None:
        _register()
        self._spans_key = spans_key
        self._annotate_ents = annotate_ents
        self._offered_only = offered_only
        self._lexicon = lexicon
        self._rows: str | None = None
        self._finder: BrandFinder | None = None

    def __call__(self, doc: Doc) -> Doc:
        """``doc`` with its brands; ``doc._.fauxwatch_brands`` holds the matches with offsets into ``doc.text``."""
        finder = self._finder or self._load()
        matches = [match for match in finder.find(doc.text) if match.offered or not self._offered_only]
        doc._.fauxwatch_brands = tuple(matches)
        spans = []
        for match in matches:
            span = doc.char_span(match.start, match.end, label=_BRAND_LABEL, alignment_mode="expand")
            if span is None:
                continue
            span._.fauxwatch_brand = match.brand
            span._.fauxwatch_how = match.how
            span._.fauxwatch_offered = match.offered
            spans.append(span)
        doc.spans[self._spans_key] = spans
        if self._annotate_ents:
            doc.ents = tuple(_joined(doc.ents, spans))
        return doc

    def to_bytes(self, *, exclude: Iterable[str] = ()) -> bytes:
        """The user's own lexicon rows; the packaged ones belong to the installed version."""
        del exclude
        return self._own_rows().encode("utf-8")

    def from_bytes(self, data: bytes, *, exclude: Iterable[str] = ()) -> BrandComponent:
        """This component with the rows that :meth:`to_bytes` gave."""
        del exclude
        self._rows, self._finder = data.decode("utf-8"), None
        return self

    def to_disk(self, path: Path, *, exclude: Iterable[str] = ()) -> None:
        """Writes the user's own lexicon rows into the folder ``path``."""
        path.mkdir(parents=True, exist_ok=True)
        (path / "brands.tsv").write_bytes(self.to_bytes(exclude=exclude))

    def from_disk(self, path: Path, *, exclude: Iterable[str] = ()) -> BrandComponent:
        """This component with the rows of the folder ``path``."""
        return self.from_bytes((path / "brands.tsv").read_bytes(), exclude=exclude)

    def _own_rows(self) -> str:
        if self._rows is None:
            from pathlib import Path

            self._rows = Path(self._lexicon).read_text("utf-8") if self._lexicon else ""
        return self._rows

    def _load(self) -> BrandFinder:
        from nlp.entities.brands import BrandFinder

        self._finder = BrandFinder.load_rows(self._own_rows())
        return self._finder


class SellerComponent:
    """Writes contacts and sellers to ``doc.spans[spans_key]``, with kind and normalised value on each span."""

    def __init__(self, *, spans_key: str) -> None:
        _register()
        self._spans_key = spans_key

    def __call__(self, doc: Doc) -> Doc:
        """``doc`` with its contacts and sellers; ``doc._.fauxwatch_contacts`` holds the matches with exact offsets."""
        from nlp.entities.contacts import find_contacts, find_sellers

        contacts, sellers = tuple(find_contacts(doc.text)), tuple(find_sellers(doc.text))
        doc._.fauxwatch_contacts, doc._.fauxwatch_sellers = contacts, sellers
        spans = [_marked(doc, match, "CONTACT") for match in contacts]
        spans += [_marked(doc, match, "SELLER") for match in sellers]
        doc.spans[self._spans_key] = [span for span in spans if span is not None]
        return doc

    def to_bytes(self, *, exclude: Iterable[str] = ()) -> bytes:
        """Nothing: the component's settings stand in the pipeline's config."""
        del exclude
        return b""

    def from_bytes(self, data: bytes, *, exclude: Iterable[str] = ()) -> SellerComponent:
        """This component."""
        del data, exclude
        return self

    def to_disk(self, path: Path, *, exclude: Iterable[str] = ()) -> None:
        """Nothing to write."""
        del path, exclude

    def from_disk(self, path: Path, *, exclude: Iterable[str] = ()) -> SellerComponent:
        """This component."""
        del path, exclude
        return self


def _marked(doc: Doc, match: Any, label: str) -> Span | None:
    span = doc.char_span(match.start, match.end, label=label, alignment_mode="expand")
    if span is not None:
        span._.fauxwatch_kind = getattr(match, "kind", "seller")
        span._.fauxwatch_value = getattr(match, "value", "") or getattr(match, "name", "")
    return span


def _joined(ents: Sequence[Span], spans: list[Span]) -> list[Span]:
    """The pipeline's own entities, and our spans where they do not overlap these or one another."""
    taken = {token.i for ent in ents for token in ent}
    own = [span for span in filter_spans(spans) if not any(token.i in taken for token in span)]
    return sorted([*ents, *own], key=lambda span: span.start)


def _register() -> None:
    for name in _SPAN_EXTENSIONS:
        if not Span.has_extension(name):
            Span.set_extension(name, default=None)
    for name in ("fauxwatch_brands", "fauxwatch_contacts", "fauxwatch_sellers"):
        if not Doc.has_extension(name):
            Doc.set_extension(name, default=())
