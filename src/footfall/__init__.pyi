# Names of `import footfall as ff`: each is imported from here when it is first used.

from . import theory as theory
from ._choice.choice_situations import (
    calibrated as calibrated,
)
from ._criteria.objects import (
    Criterion as Criterion,
)
from ._load.options import (
    LoadOptions as LoadOptions,
)
from ._measure.verdict import (
    Verdict as Verdict,
)
from ._model.channel import (
    Channel as Channel,
    Fault as Fault,
    LogoutReminder as LogoutReminder,
    OpeningHours as OpeningHours,
    Outage as Outage,
    Step as Step,
    Work as Work,
)
from ._model.durations import (
    Duration as Duration,
    Empirical as Empirical,
    Mixture as Mixture,
    constant as constant,
    exponential as exponential,
    gamma as gamma,
    hyperexponential as hyperexponential,
    lognormal as lognormal,
    uniform as uniform,
    weibull as weibull,
)
from ._model.model import (
    Model as Model,
    ShareDefinition as ShareDefinition,
)
from ._model.numbers import (
    Curve as Curve,
    Number as Number,
    Profile as Profile,
    article as article,
    assumed as assumed,
    fitted as fitted,
    public as public,
)
from ._model.population import (
    Accounts as Accounts,
    Adoption as Adoption,
    AfterFailure as AfterFailure,
    NestedLogit as NestedLogit,
    RetryPolicy as RetryPolicy,
    Segment as Segment,
    Taste as Taste,
)
from ._model.profiles import (
    by_hour as by_hour,
)
from ._model.station_specs import (
    AgentGroup as AgentGroup,
    Callback as Callback,
    CallCentre as CallCentre,
    Caller as Caller,
    CircuitBreaker as CircuitBreaker,
    Counters as Counters,
    Kiosks as Kiosks,
    MessageGateway as MessageGateway,
    RateLimit as RateLimit,
    RequestServer as RequestServer,
    Retry as Retry,
    Stalls as Stalls,
)
from ._model.units import (
    hours as hours,
    minutes as minutes,
    never as never,
    per_day as per_day,
    per_hour as per_hour,
    per_minute as per_minute,
    per_second as per_second,
    percent as percent,
    points as points,
    seconds as seconds,
    source as source,
    unlimited as unlimited,
)
from ._records.errors import (
    BadInputError as BadInputError,
)
from ._runs.calibrate import (
    calibrate as calibrate,
)
from ._runs.capacity import (
    capacity as capacity,
)
from ._runs.compare import (
    compare as compare,
)
from ._runs.content import (
    read_model as read_model,
)
from ._runs.fit_log import (
    fit as fit,
)
from ._runs.folder import (
    read_run as read_run,
)
from ._runs.judgement import (
    judge as judge,
)
from ._runs.load_test import (
    load_test as load_test,
)
from ._runs.loop import (
    loop as loop,
)
from ._runs.make_trace import (
    make_trace as make_trace,
)
from ._runs.messages import (
    Messages as Messages,
)
from ._runs.predict import (
    predict as predict,
)
from ._runs.predict_load import (
    predict_load as predict_load,
)
from ._runs.reference_service import (
    serve as serve,
)
from ._runs.report import (
    report as report,
)
from ._runs.simulate import (
    simulate as simulate,
)
from ._runs.storm import (
    storm as storm,
)
from ._runs.validate import (
    validate as validate,
)
from ._runs.verify import (
    verify as verify,
)
from ._workload.scenario import (
    OutagePart as OutagePart,
    Scenario as Scenario,
    read_scenario as read_scenario,
)

__version__: str
