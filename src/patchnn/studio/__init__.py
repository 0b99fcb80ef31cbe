"""The local page: a small server for one browser, and worker processes behind it (extra `studio`)."""
