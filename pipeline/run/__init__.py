"""Run one audit from files to reports, and publish it; `audit.py` is the table of contents."""
