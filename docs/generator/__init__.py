"""The pages of the reference, one a file; `docs/build.py` writes them."""
