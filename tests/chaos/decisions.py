"""Where chance comes from: each actor draws from a source of its own, so that the same seed gives each of them the same
decisions whatever the threads do."""
import random


def decisions(seed, *actor):
    return random.Random("/".join(map(str, (seed, *actor))))
