"""Kafka, Redis, the SMS centre and the services on one machine: started, watched and stopped by one supervisor."""
