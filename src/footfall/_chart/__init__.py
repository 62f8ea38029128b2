"""Tables in, figures out: each says its finding in its title; nothing here opens a file but `save`."""
