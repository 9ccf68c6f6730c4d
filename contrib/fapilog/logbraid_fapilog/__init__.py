"""What serve.py is made of. A package, so that no module of a user's is hidden by one of these."""


class Problem(Exception):
    """What is wrong, for people."""
