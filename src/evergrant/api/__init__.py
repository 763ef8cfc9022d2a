"""The service: the OAuth callback, health, and the API behind the command line."""
