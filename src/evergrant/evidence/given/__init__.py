"""What people give: documents of any kind, known by their content and read as streams."""
