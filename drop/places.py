"""Where the files that come with the package are: the data set that ships, and what was measured and released."""

from importlib.resources import files
from pathlib import Path

PACKAGE = Path(str(files("drop")))
DATA = PACKAGE / "data"
MEASURED = PACKAGE / "measured"
