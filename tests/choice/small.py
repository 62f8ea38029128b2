"""Slopes and provinces that tests make up."""

from footfall._model.population import Province, Slope
from tests import made_up


def slope(value: float, range_factor: float = 1.0) -> Slope:
    """Give a slope that is certain unless a range is given."""
    return Slope(value=made_up.number(value), range_factor=made_up.number(range_factor))


def provinces(*months: int) -> tuple[Province, ...]:
    """Give provinces of equal size, upgraded in these months."""
    share = made_up.number(1 / len(months))
    return tuple(
        Province(name=f"p{k}", population_share=share, upgrade_month=made_up.number(month))
        for k, month in enumerate(months)
    )
