"""The contract of the ports of service tickets."""
