"""One run as one page that opens anywhere, without a network."""
