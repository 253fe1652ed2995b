"""From a configuration to a record: data sets, models, training, query models, runs, records."""
