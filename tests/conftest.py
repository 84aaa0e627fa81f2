"""For all tests."""

import signal

# Under nohup, or in the background of a script, some signals are ignored, and every process started would ignore them
# too. What is handled here is back at its default in them, so that tests which send signals find what a user finds.
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, lambda *_: None)
