"""The WhatsApp Cloud API: orders as approved templates, statuses and crews' answers by its webhook."""
