"""A policy, from its network to what it earns: acting, saving, matching, evaluating."""
