"""Statistics on hand-made rows."""
