"""What is known of a subject: read from elements, or derived from what was read."""
