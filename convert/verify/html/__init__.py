"""`report.html`: one self-contained file, no script, nothing loaded from anywhere."""
