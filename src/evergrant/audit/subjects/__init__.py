"""Documents and rows → subjects, joined: an external client app stands in up to five files."""
