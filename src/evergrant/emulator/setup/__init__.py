"""The Setup pages of the emulated org: what admins see and press."""
