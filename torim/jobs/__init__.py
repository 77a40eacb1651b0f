"""What happens after a call or a booking: durable jobs, and the summaries, messages and clean-ups that they do."""
