"""What customers can ask of a channel, one file a kind of request."""
