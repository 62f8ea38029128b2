"""What limits a channel: slots, lines, agents, machines, message rates, and the time that work takes."""
