"""Exports of an org: Login History, event log, identity provider events, audit trail."""
