"""What the org's event logs are made of: codes, calls, ends of sessions, and the files."""
