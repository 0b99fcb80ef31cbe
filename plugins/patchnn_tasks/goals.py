"""What people want of these tasks, in the order of how often they want it: what the studio's page offers, as plain data.

word: what the page calls it. task, options: what it does. how: what to do first. icon: an outline in a box of 24 × 24, as the
path of an SVG. tool: which one is at hand, the hand or, where marks are asked for, the brush if none is named. gap: the mask
option that gets what moved and deleted pieces left behind.
"""

from __future__ import annotations

__all__ = ["GOALS"]

GOALS = [
    {
        "word": "Remove",
        "task": "inpaint",
        "options": {"fill": "none"},
        "how": "Brush over what should go. Its surroundings take its place.",
        "icon": "M4 17l3-5 3 4 3-5 7 9H4zM4 5h16M14 8a2 2 0 1 0 4 0 2 2 0 1 0-4 0M13 11l6-6",
    },
    {
        "word": "Fill",
        "task": "inpaint",
        "options": {"fill": "own"},
        "how": "Choose a colour and paint with it. The place becomes what the image has of that colour.",
        "icon": "M5 12l7-7 7 7-7 7zM5 12h14M12 5L9 2M20 16c1 2 1 4 0 4s-1-2 0-4",
    },
    {
        "word": "Move",
        "task": "edit",
        "options": {},
        "tool": "lasso",
        "gap": "free",
        "how": "Draw around a piece, then drag it. The seams and the gap are made anew.",
        "icon": "M4 8h8v8H4zM14 12h7M18 9l3 3-3 3",
    },
    {
        "word": "Resize",
        "task": "retarget",
        "options": {"size": "100%x100%"},
        "how": "Drag the handles, or choose a size. Things keep their shape; the space between them shrinks or grows.",
        "icon": "M8 6h8v12H8zM5 12H1M19 12h4M3 10l-2 2 2 2M21 10l2 2-2 2",
    },
    {
        "word": "Vary",
        "task": "generate",
        "options": {},
        "how": "The same things in a new arrangement. Ask for several results and choose.",
        "icon": "M3 4h7v7H3zM14 4h7v7h-7zM3 14h7v7H3zM14 14h7v7h-7zM5 9l3-3M16 6l3 3M5 16l3 3M17 16v3",
    },
    {
        "word": "Merge",
        "task": "collage",
        "options": {},
        "how": "Open two or more images. They become one, from left to right.",
        "icon": "M3 6h9v12H3zM12 6h9v12h-9M9 12h6M13 10l2 2-2 2",
    },
    {
        "word": "Restyle",
        "task": "analogy",
        "options": {},
        "how": "Open an image to take the look from, and one to take the layout from, or draw it.",
        "icon": "M4 20c4 0 5-2 5-4a2 2 0 0 0-4 0c0 2-1 3-1 4zM9 14L19 4l2 2-9 10",
    },
    {
        "word": "Extend",
        "task": "outpaint",
        "options": {},
        "how": "Drag the handles outwards, or say how much to add on each side. The image itself stays as it is.",
        "icon": "M8 8h8v8H8zM3 3h3M3 3v3M21 3h-3M21 3v3M3 21h3M3 21v-3M21 21h-3M21 21v-3",
    },
    {
        "word": "Texture",
        "task": "texture",
        "options": {},
        "how": "Open an example, such as grass or fabric, and choose a size.",
        "icon": "M3 8c3-3 6 3 9 0s6 3 9 0M3 13c3-3 6 3 9 0s6 3 9 0M3 18c3-3 6 3 9 0s6 3 9 0",
    },
]
