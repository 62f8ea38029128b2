"""Exact results for stations, networks and closed loops, in numerically stable forms.

λ is the arrival rate, μ the service rate of one server, θ the abandonment rate of a waiting customer,
a = λ/μ the offered load in erlangs, c the number of servers, ρ = a/c their utilisation. Rates and
times are in any one unit of time. `__init__.pyi` lists the names; each is loaded when it is first used.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
