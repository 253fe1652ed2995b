"""What a room needs beyond NumPy is an extra: where one is missing, one sentence says which and how to install it."""

import sys

EXTRAS = {  # what is imported, and the extra that brings it
    "IPython": "chapters", "matplotlib": "chapters", "pandas": "chapters", "scipy": "chapters", "yaml": "chapters",
    "PIL": "experiments", "psutil": "experiments", "torch": "experiments", "torchvision": "experiments",
    "pyarrow": "files",
}  # fmt: skip
NAME = "drop-companion"


def command(extra: str) -> str:
    """The command that installs an extra, from where this package itself was installed."""
    import json
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        origin = json.loads(distribution(NAME).read_text("direct_url.json") or "{}")
    except PackageNotFoundError:
        origin = {}
    url = origin.get("url", "")
    if "vcs_info" in origin:
        url = f"{origin['vcs_info']['vcs']}+{url}"
    return f'pip install "{NAME}[{extra}]{" @ " if url else ""}{url}"'


class Hint:
    """The last of Python's finders, asked when nobody has found a module: speaks up where a file of ours wants it."""

    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> None:
        """Raise ModuleNotFoundError with the command for a missing extra; None where somebody else is asking."""
        frame = sys._getframe(1)
        while frame.f_back and "importlib" in frame.f_globals.get("__name__", ""):
            frame = frame.f_back
        wanting = frame.f_globals.get("__name__", "")
        if name in EXTRAS and wanting.partition(".")[0] == "drop":
            extra = EXTRAS[name]
            needs = f"{wanting} needs {name}, which is not installed; it comes with the extra {extra!r}"
            raise ModuleNotFoundError(f"{needs}: {command(extra)}", name=name)


def watch() -> None:
    """Have the hint asked when a module is not found."""
    if Hint not in sys.meta_path:
        sys.meta_path.append(Hint)
