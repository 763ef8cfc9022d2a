"""Trouble: what can go wrong between a client and its org, laid on purpose."""
