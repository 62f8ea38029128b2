"""A large mobile operator as of January 2012: demand, people and channels, which its models share."""
