"""The classifier of administrative units of Kazakhstan (KATO), and settlement names resolved to it."""
