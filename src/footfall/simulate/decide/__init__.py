"""What a customer decides, as pure functions of the model and of the customer's own random numbers.

The SimPy day and the Locust run import the same functions, so both play the same customer.
"""
