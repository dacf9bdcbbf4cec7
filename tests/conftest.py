"""What holds for all tests."""

import logging

# In an outage kafka-python logs hundreds of errors, and a test that fails would show them all.
logging.getLogger("kafka").setLevel(logging.CRITICAL)
