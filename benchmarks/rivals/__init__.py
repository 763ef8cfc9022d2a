"""What the diagnosis is measured against: tables that name a cause for an error code."""
