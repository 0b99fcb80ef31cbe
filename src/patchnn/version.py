"""The version, where both the front door and the rooms behind it can read it."""

__version__ = "0.1.0"
