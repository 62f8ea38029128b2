"""What must stay true: accounts, orders, numbers, messages, and the database that keeps them."""
