"""Where results go: readable lines, JSON, CSV, a file, an MQTT broker."""
