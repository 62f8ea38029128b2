# Names of `footfall.theory`: each is imported from here when it is first used.

from .fluid import (
    FluidMoment as FluidMoment,
    FluidStation as FluidStation,
    bass_peak as bass_peak,
    bass_share as bass_share,
    load_by_interval as load_by_interval,
    servers_for as servers_for,
    sinusoidal_load as sinusoidal_load,
    transient as transient,
)
from .many_servers import (
    PatienceDistribution as PatienceDistribution,
    Staffing as Staffing,
    StaffingTarget as StaffingTarget,
    WithAbandonment as WithAbandonment,
    WithRoom as WithRoom,
    erlang_a as erlang_a,
    erlang_a_general as erlang_a_general,
    erlang_a_general_service_level as erlang_a_general_service_level,
    erlang_a_service_level as erlang_a_service_level,
    erlang_b as erlang_b,
    erlang_c as erlang_c,
    erlang_c_service_level as erlang_c_service_level,
    erlang_c_wait_mean as erlang_c_wait_mean,
    mdc_wait_mean as mdc_wait_mean,
    mgc_ps_sojourn_mean as mgc_ps_sojourn_mean,
    mmck as mmck,
    staffing as staffing,
)
from .networks import (
    ClosedLoop as ClosedLoop,
    Retrying as Retrying,
    Scalability as Scalability,
    closed_loop as closed_loop,
    fit_scalability as fit_scalability,
    knee_users as knee_users,
    largest_stable_rate as largest_stable_rate,
    network_sojourn_mean as network_sojourn_mean,
    retrying as retrying,
    traffic as traffic,
)
from .one_server import (
    md1_wait_share as md1_wait_share,
    md1k as md1k,
    mg1_interrupted_sojourn_mean as mg1_interrupted_sojourn_mean,
    mg1_ps_sojourn_mean as mg1_ps_sojourn_mean,
    mg1_wait_mean as mg1_wait_mean,
    priority_wait_means as priority_wait_means,
    retrial_orbit_mean as retrial_orbit_mean,
    round_robin_wait_mean as round_robin_wait_mean,
)
