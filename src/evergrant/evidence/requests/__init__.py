"""Requests that failed, as evidence: commands, HAR files, assertions, keys."""
