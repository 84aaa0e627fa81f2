"""How episodes come about, and how they reach the agent."""
