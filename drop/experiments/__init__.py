"""From a configuration to a record: data sets, models, training, query models, runs, records."""

import os

# Before torch is loaded: its threads wait for one another asleep after some microseconds. By default they spin for
# longer, and where something else holds a core, a training of seconds takes minutes.
os.environ.setdefault("GOMP_SPINCOUNT", "10000")
