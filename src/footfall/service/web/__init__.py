"""The door to the network: requests in, routes, answers out, the OpenAPI document."""
