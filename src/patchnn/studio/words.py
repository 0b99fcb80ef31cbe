"""What the page says: options by their labels, errors as whole sentences."""

from __future__ import annotations

import re

from patchnn.errors import PatchnnError

__all__ = ["as_fields", "label", "plainly", "sentence", "spoken"]

# The page has no control for the memory limit, so its own advice takes the place of the library's.
TOO_LARGE = "This needs more memory than is free: use a smaller image, a smaller output, or fewer images."


_OWN = {"count": "Results", "seed": "First seed"}
"""What the page calls its own fields."""
_SIZE = "“Size” takes numbers for width and height, in percent or in pixels."


def label(name: str) -> str:
    """Return what the page calls an option.

    Examples
    --------
    >>> label("coarsest_iterations")
    'Coarsest iterations'
    """
    return (name[:1].upper() + name[1:]).replace("_", " ")


def spoken(text: str) -> str:
    """Return a help text with options by their labels instead of as words of the command line.

    Examples
    --------
    >>> spoken("A smaller `--patch` keeps less.")
    'A smaller “Patch” keeps less.'
    """
    return re.sub(r"`?--([a-z][a-z-]*)`?", lambda found: f"“{label(found[1].replace('-', '_'))}”", text.strip())


def sentence(error: PatchnnError) -> str:
    """Return an error as a sentence of the page.

    Examples
    --------
    >>> from patchnn import InputError
    >>> sentence(InputError("noise is -3: it must be 0 or more", about="noise"))
    '“Noise” is -3: it must be 0 or more.'
    """
    about = getattr(error, "about", None)
    if about == "max_memory":
        return TOO_LARGE
    text = " ".join(str(error).split())
    if " is not a size: " in text:
        return _SIZE
    if about and re.match(rf"{re.escape(about)}\b", text):
        text = f"“{_OWN.get(about) or label(about)}”{text[len(about) :]}"
    text = spoken(text)
    # A message that begins with a file's name keeps its letters.
    if re.match(r"(?!.*\.\w+ (is|has|cannot)\b)[a-z]+[ ,:]", text):
        text = text[0].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else f"{text}."


def plainly(error: PatchnnError) -> str:
    """Return an error as a client of the API gets it: options by the names of its form's fields.

    Examples
    --------
    >>> from patchnn import InputError
    >>> plainly(InputError("noise is -3: it must be 0 or more", about="noise"))
    'noise is -3: it must be 0 or more.'
    """
    text = TOO_LARGE if getattr(error, "about", None) == "max_memory" else as_fields(" ".join(str(error).split()))
    return text if text.endswith((".", "!", "?")) else f"{text}."


def as_fields(text: str) -> str:
    """Return a text with options by the names of the API's fields instead of as words of the command line.

    Examples
    --------
    >>> as_fields("Smoother with --invert-mask.")
    'Smoother with invert_mask.'
    """
    return re.sub(r"--([a-z][a-z-]*)", lambda found: found[1].replace("-", "_"), text)
