"""What `footfall load` has Locust load: no scenario of its own, the trace is given."""

from footfall.load.play.door import open_door

globals().update(open_door())
