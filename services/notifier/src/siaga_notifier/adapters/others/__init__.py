"""E-mail, Telegram, ntfy, Matrix and whatever else Apprise knows."""
