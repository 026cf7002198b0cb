"""Answers as files: cells, records, gaps and plans in the formats people open elsewhere."""
