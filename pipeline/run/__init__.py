"""Run one audit from files to reports; reads like the table of contents."""

from pipeline.run.audit import STAGES, Outcome, audit

__all__ = ["STAGES", "Outcome", "audit"]
