"""The local page: a small server that lets nobody else in, and one engine process behind it (extra `studio`)."""
