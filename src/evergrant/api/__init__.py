"""The service: health, the API behind the command line, and room for other faces."""
