"""Files, folders and zips → components with their elements, line by line."""
