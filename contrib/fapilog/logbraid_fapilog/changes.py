"""What an enricher did to an event, as logbraid's `exec` takes it."""


def merged(event, updates):
    """fapilog's rule for plug-ins: objects member by member, all else replaced."""
    result = dict(event)
    for key, value in updates.items():
        if isinstance(value, dict) and isinstance(result.get(key), dict):
            value = merged(result[key], value)
        result[key] = value
    return result


def same(before, after):
    """Equal as JSON: 1, 1.0 and true are three values."""
    if type(before) is not type(after):
        return False
    if isinstance(before, dict):
        return before.keys() == after.keys() and all(same(before[k], after[k]) for k in before)
    if isinstance(before, list):
        return len(before) == len(after) and all(map(same, before, after))
    return before == after


def dotted(keys):
    """A field as logbraid writes it."""
    return ".".join(key.replace("\\", "\\\\").replace(".", "\\.") for key in keys)


def changes(before, after, where=()):
    """The fields that are new or other than before, and the paths of those that are gone. What is
    an object in both is compared member by member, since logbraid merges objects."""
    found = {}
    gone = [dotted((*where, key)) for key in before if key not in after]
    for key, value in after.items():
        if key not in before:
            found[key] = value
        elif isinstance(value, dict) and isinstance(before[key], dict):
            inner, gone_below = changes(before[key], value, (*where, key))
            gone += gone_below
            if inner:
                found[key] = inner
        elif not same(before[key], value):
            found[key] = value
    return found, gone
