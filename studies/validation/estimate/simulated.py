"""The choices of simulated customers as a table: what an estimate could see of them."""

import numpy as np
import polars as pl

from footfall._behaviour import keyed
from footfall._behaviour.choice import MINUTE_S, NO_CHANNEL, expected_waits
from footfall._behaviour.customer_rules import REACH
from footfall._model.model import Model
from footfall._model.numbers import HALF_HOUR_S, HALF_HOURS
from footfall._workload.arrivals import Arrivals


def choice_table(model: Model, people: Arrivals, operation: str) -> pl.DataFrame:
    """First choices of an operation's customers: a row for each customer and each channel open to them.

    Columns: case, segment, alternative (the channel), chosen, wait_min (expected), access_min,
    price_yuan, trust, habit. The columns of `choices_of` bear the same names.

    Raises:
        ValueError: the model has no such operation.
    """
    wanted = people.operations == model.operations.index(operation)
    wanted &= people.channels != NO_CHANNEL
    keys, segments = people.keys[wanted], people.segments[wanted]
    half_hours = (people.at_s[wanted] // HALF_HOUR_S).astype(np.int64) % HALF_HOURS
    waits = [expected_waits(model, half_hour * HALF_HOUR_S) for half_hour in range(HALF_HOURS)]
    parts = []
    for place, channel in enumerate(model.channels):
        if operation not in channel.dialogues:
            continue
        wait_s = np.array([wait.get(channel.name, np.nan) for wait in waits])[half_hours]
        reach = np.array([float(s.reach.get(channel.name, 1.0)) for s in model.segments])
        tastes = [segment.taste for segment in model.segments]
        trust = np.array([float(taste.trust.get(channel.nest, 0.0)) for taste in tastes])
        habit = np.array([float(taste.habit.get(channel.nest, 0.0)) for taste in tastes])
        part = pl.DataFrame(
            {
                "case": people.customers[wanted],
                "segment": np.array([segment.name for segment in model.segments])[segments],
                "wait_min": wait_s / MINUTE_S,
                "trust": trust[segments],
                "habit": habit[segments],
                "chosen": people.channels[wanted] == place,
            }
        ).with_columns(
            alternative=pl.lit(channel.name),
            access_min=pl.lit(float(channel.access_s_mean) / MINUTE_S),
            price_yuan=pl.lit(float(channel.price_yuan)),
        )
        reached = keyed.uniforms(keys, REACH + channel.name) < reach[segments]
        parts.append(part.filter(pl.Series(reached) & pl.col("wait_min").is_not_nan()))
    return pl.concat(parts)
