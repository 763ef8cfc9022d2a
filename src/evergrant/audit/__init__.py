"""What is loose, what is too tight to work, what will break: apps judged by rules of the catalog.

`evergrant.audit.run.audit(paths)` is the verb; `evergrant.audit.model` holds the nouns.
"""
