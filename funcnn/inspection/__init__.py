"""Looking inside: tables of a network, what it costs, and what one step of training did in it."""
