"""A daemon for the length of a block, and threads whose failures are findings."""
import contextlib

from corral import Daemon


@contextlib.contextmanager
def running(*arguments, ready=True, **named):
    daemon = Daemon(*arguments, **named)
    try:
        yield daemon.start(ready)
    finally:
        daemon.stop()


@contextlib.contextmanager
def recorded(findings, daemon=None):
    """What goes wrong inside is a violation, and the rest of the scenario still ends in order."""
    try:
        yield
    except Exception as error:
        findings.violation(repr(error), daemon)
