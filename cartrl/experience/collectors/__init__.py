"""Collectors: whole episodes under the current policy, one batch an iteration."""
