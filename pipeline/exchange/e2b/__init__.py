"""Draft reports of serious events in the form of ICH E2B(R3), for a human to complete."""

from pipeline.exchange.e2b.write import write_drafts

__all__ = ["write_drafts"]
