"""Make synthetic records that look like a hospital's, with planted and labelled defects.

Imports nothing from the stages: what the audit should find is written down here from the
plan of the records, never computed by the code under test.
"""

from pipeline.synth.folder import Defects, synth

__all__ = ["Defects", "synth"]
