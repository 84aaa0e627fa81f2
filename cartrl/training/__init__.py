"""One run: the loop, what assembles it, what it saves and how it goes on."""
