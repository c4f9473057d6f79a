"""What is said to Meta's WhatsApp Cloud API and what it says, without a connection."""
