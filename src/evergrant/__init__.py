"""Evergrant keeps Salesforce OAuth integrations connected."""
