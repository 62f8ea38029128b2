"""What `footfall load` has Locust load: no scenario of its own, the trace is given."""

from footfall.load.locust_plugin import install

globals().update(install())
