"""Environments: of a suite by name, and whole episodes rolled out in many of them at once."""
