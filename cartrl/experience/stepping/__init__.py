"""Environments of other processes, stepped in lockstep with those of this one: ``collect.processes``."""
