"""How soon gRPC finds a server again that went away: options of a channel."""

#: Milliseconds. gRPC's own 20 s for a connection, 30 between two looks at where a name leads and 2
#: minutes between tries would leave a server that is back, or a service's one new pod, unasked for
#: as long.
RECONNECTING = (
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
    ("grpc.min_reconnect_backoff_ms", 5000),  # which is how long one connection may take
    ("grpc.dns_min_time_between_resolutions_ms", 1000),
)
