"""A vendor's package, as some integrations install one: its connections in both directions.

The package, its vendor and the vendor's cloud are made up; what the org does about them (auth
providers, named credentials, authorizing an app) is Salesforce's.
"""
