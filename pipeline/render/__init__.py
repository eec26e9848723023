"""Write the report a reader opens: one HTML file, no script, no network."""

from pipeline.render.page import render

__all__ = ["render"]
