"""What others know, print or recorded, beside what Footfall gives: every check on one page."""
