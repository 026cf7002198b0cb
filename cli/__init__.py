"""The command ``qorgan``: parse, call, print; the private database; starting and stopping the servers."""
