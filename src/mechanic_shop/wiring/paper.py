"""The renderer of PDF, where the extra `pdf` is installed."""

from mechanic_http.ports import PdfRenderer


def create_pdf_renderer() -> PdfRenderer | None:
    """Return what renders papers as PDF, or None without Typst."""
    try:
        from mechanic_adapters.pdf.typst_renderer import (  # noqa: PLC0415 - the extra may be missing
            TypstRenderer,
        )
    except ModuleNotFoundError as missing:
        if missing.name != "typst":
            raise
        return None
    return TypstRenderer()
