"""Where patchnn is found on the web: the only file with these addresses. Help, metadata and the package's page read them here."""

__all__ = ["CODE", "DOCUMENTATION", "ISSUES", "RAW"]

# Placeholders until there is a public repository.
CODE = "https://code.patchnn.example"
"""The repository."""
RAW = f"{CODE}/raw/main"
"""Its files as they are, for images on the package index."""
ISSUES = f"{CODE}/issues"
DOCUMENTATION = "https://docs.patchnn.example"
