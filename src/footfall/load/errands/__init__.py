"""One customer's errand at real endpoints: visits, turns, answers; knows no Locust."""
