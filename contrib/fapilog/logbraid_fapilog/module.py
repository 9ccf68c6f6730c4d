"""The user's module: what it is called, and loading it."""

import importlib
import pathlib
import sys

from . import Problem

STANDIN = pathlib.Path(__file__).resolve().parent.parent / "standin"


def load(module):
    """The module of a dotted name, or of a file; of a file in a package as part of it."""
    # Last, so that a fapilog that is installed goes before it.
    sys.path.append(str(STANDIN))
    path, name = None, module
    if module.endswith(".py"):
        path = pathlib.Path(module).resolve()
        if not path.is_file():
            raise Problem(f"there is no file {path}")
        folder, name = path.parent, path.stem
        while (folder / "__init__.py").is_file():
            folder, name = folder.parent, f"{folder.name}.{name}"
        sys.path.insert(0, str(folder))
    else:
        sys.path.insert(0, "")
    try:
        loaded = importlib.import_module(name)
    except ImportError as missing:
        raise Problem(why_not(module, name, missing)) from missing
    if path is not None and pathlib.Path(loaded.__file__ or "").resolve() != path:
        raise Problem(f"another module is called {name}, so {path} cannot be imported; rename it")
    return loaded


def why_not(module, name, missing):
    """Of a module that cannot be imported, for people."""
    if isinstance(missing, ModuleNotFoundError) and missing.name is not None:
        if (name + ".").startswith(missing.name + "."):
            return f"there is no module {missing.name} here or in PYTHONPATH"
        if missing.name.split(".")[0] != "fapilog":
            return (f"{module} needs the module {missing.name}, which is not installed for "
                    f"{sys.executable}")
    elif not (missing.name or "").startswith("fapilog"):
        return f"{module} cannot be imported: {missing}"
    if is_stood_in():
        return (f"{module} needs more of fapilog than its registry ({missing}), and it is not "
                f"installed for {sys.executable}")
    # Those with a registry of enrichers are not the ones that PyPI has.
    return (f"{module} was written for another fapilog than the one that is installed ({missing}); "
            f"for one with a registry of enrichers put PYTHONPATH={STANDIN} before the command")


def is_stood_in():
    """Whether the module's fapilog is the stand-in."""
    origin = getattr(sys.modules.get("fapilog"), "__file__", None)
    return origin is not None and STANDIN in pathlib.Path(origin).resolve().parents
