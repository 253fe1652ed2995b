"""Checkpoints: a training that takes long goes on where it was killed, and whoever asks sees what is running.

Both lie in the folder `running` of a record store, and go when the network's record or query model has been written.
"""

from __future__ import annotations

import datetime
import hashlib
import io
import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from drop.experiments import records, running
from drop.experiments.arithmetic import circumstances
from drop.experiments.lanes import Job, Lane

EVERY = 300.0  # seconds of training between two checkpoints of a network


@dataclass(frozen=True)
class Keeper:
    """Keeps the networks of one data set that are being trained into one store.

    root: of the store; data: the data set's digest; every: seconds between two checkpoints.
    """

    root: Path
    data: str
    every: float = EVERY

    def path(self, job: Job, ending: str) -> Path:
        """The file of a job: all that decides its result, but the machine, is in the name."""
        arrays = [None if a is None else hashlib.sha256(np.ascontiguousarray(a)).hexdigest()
                  for a in (job.kept, job.sampling)]  # fmt: skip
        rest = (job.name, job.recipe, job.augment, job.record_dynamics, job.loss, job.retrain)
        key = hashlib.sha256(repr((self.data, records.PROTOCOL, arrays, rest)).encode()).hexdigest()[:16]
        return self.root / "running" / f"{key}.{ending}"

    def begin(self, lane: Lane) -> None:
        """Say that a lane trains its job, and put it where a checkpoint on this machine and code left it, if one is."""
        path = self.path(lane.progress.job, "pt")
        if path.exists() and (state := _read(path)) is not None and state["where"] == _where(lane):
            lane.resume(state["lane"])
        self._say(lane)

    def after(self, lane: Lane) -> None:
        """Keep a lane that stands between two blocks of steps, if its last checkpoint was long ago."""
        if time.perf_counter() - lane.progress.saved >= self.every:
            content = io.BytesIO()
            torch.save({"where": _where(lane), "lane": lane.state()}, content)
            records.write(self.path(lane.progress.job, "pt"), content.getvalue())
            lane.progress.saved = time.perf_counter()
            self._say(lane)

    def end(self, job: Job) -> None:
        """Forget a job whose result has been written."""
        for ending in ("pt", "json"):
            self.path(job, ending).unlink(missing_ok=True)

    def _say(self, lane: Lane) -> None:
        p = lane.progress
        since = datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=time.perf_counter() - p.began)
        running.say(self.path(p.job, "json"), p.job.label or repr(p.job.name), since.isoformat(timespec="seconds"),
                    p.done, p.stops[-1])  # fmt: skip


def _where(lane: Lane) -> dict[str, Any]:
    """What must be the same for a training to go on as if it had never stopped."""
    device = lane.arena.device
    return circumstances(lane.arena.arithmetic, device) | {"torch": str(torch.__version__), "code": records.code_hash()}


def _read(path: Path) -> dict[str, Any] | None:
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises whatever the damage leads to
        warnings.warn(f"{path} is damaged ({type(error).__name__}): the training begins anew", stacklevel=3)
        return None
