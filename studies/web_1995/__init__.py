"""NASA's web server, July and August 1995: does the arrival profile of one month hold in the next?"""
