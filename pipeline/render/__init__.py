"""Write the report a reader opens: one HTML file, no script, no network."""

from pipeline.render.figures import warm_up
from pipeline.render.page import render

__all__ = ["render", "warm_up"]
