"""Metadata that was retrieved from an org, as evidence."""
