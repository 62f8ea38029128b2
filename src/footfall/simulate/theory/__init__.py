"""What is known exactly of stations, networks and loops, in forms that stay stable for large numbers.

λ is the arrival rate, μ the service rate of one server, θ the abandonment rate of one who waits,
a = λ/μ the offered load in erlangs, c the number of servers, ρ = a/c their utilisation. Rates and
times are in one unit of time, whichever the caller takes.
"""

from footfall.simulate.theory.adoption import bass_peak, bass_share
from footfall.simulate.theory.closed_loop import (
    ClosedLoop,
    Scalability,
    closed_loop,
    fit_scalability,
    knee_users,
)
from footfall.simulate.theory.many_servers import (
    WithAbandonment,
    WithRoom,
    erlang_a,
    erlang_a_service_level,
    erlang_b,
    erlang_c,
    erlang_c_service_level,
    erlang_c_wait_mean,
    mdc_wait_mean,
    mgc_ps_sojourn_mean,
    mmck,
)
from footfall.simulate.theory.networks import (
    Retrying,
    largest_stable_rate,
    network_sojourn_mean,
    retrying,
    traffic,
)
from footfall.simulate.theory.one_server import (
    md1_wait_share,
    md1k,
    mg1_interrupted_sojourn_mean,
    mg1_ps_sojourn_mean,
    mg1_wait_mean,
    priority_wait_means,
    retrial_orbit_mean,
    round_robin_wait_mean,
)
from footfall.simulate.theory.over_time import (
    Moment,
    Station,
    load_by_interval,
    servers_for,
    sinusoidal_load,
    transient,
)
from footfall.simulate.theory.patience import (
    Patience,
    erlang_a_general,
    erlang_a_general_service_level,
)
from footfall.simulate.theory.staffing import Staffing, StaffingTarget, staffing

__all__ = [
    "ClosedLoop",
    "Moment",
    "Patience",
    "Retrying",
    "Scalability",
    "Staffing",
    "StaffingTarget",
    "Station",
    "WithAbandonment",
    "WithRoom",
    "bass_peak",
    "bass_share",
    "closed_loop",
    "erlang_a",
    "erlang_a_general",
    "erlang_a_general_service_level",
    "erlang_a_service_level",
    "erlang_b",
    "erlang_c",
    "erlang_c_service_level",
    "erlang_c_wait_mean",
    "fit_scalability",
    "knee_users",
    "largest_stable_rate",
    "load_by_interval",
    "md1_wait_share",
    "md1k",
    "mdc_wait_mean",
    "mg1_interrupted_sojourn_mean",
    "mg1_ps_sojourn_mean",
    "mg1_wait_mean",
    "mgc_ps_sojourn_mean",
    "mmck",
    "network_sojourn_mean",
    "priority_wait_means",
    "retrial_orbit_mean",
    "retrying",
    "round_robin_wait_mean",
    "servers_for",
    "sinusoidal_load",
    "staffing",
    "traffic",
    "transient",
]
