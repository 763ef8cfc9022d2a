"""A review written down: for a terminal, a program, a code host, a build server, a person."""
