"""The nation's months: 31 provinces, each upgraded in its own month, alike in people and channels.

Days are simulated by province: a day of this model is that of one average province, as in `guangxi`.
"""

from models.guangxi import MODEL as PROVINCE
from models.operator.adoption import all_provinces

MODEL = PROVINCE.model_copy(
    update={
        "name": "national",
        "title": "The nation's months, 31 provinces (its day: one average province)",
        "adoption": all_provinces(),
    }
)
