"""Which settings a sweep tries, and how they rank."""
