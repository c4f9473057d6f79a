"""What every Siaga112 service stands on."""
