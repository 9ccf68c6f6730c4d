"""Where fapilog's enrichers are registered, by the same names and without the rest of it.

For modules on machines that have no fapilog, and for the tests. It registers, and runs nothing; one
that is installed goes before it.
"""
