"""What the scripts that run in a child share: it stands before each of them."""


def clean(value):
    """Without lone surrogates, which JSON's readers refuse."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, dict):
        return {clean(key): clean(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [clean(item) for item in value]
    return value


def is_deep(value, most):
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return most == 0 or any(is_deep(item, most - 1) for item in inner)


def limit(memory, file_size):
    """For this process and all that it starts, in bytes."""
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for which, most in ((resource.RLIMIT_DATA, memory), (resource.RLIMIT_FSIZE, file_size)):
        hard = resource.getrlimit(which)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(which, (most, most))


def raise_loopback():
    """In a network namespace of its own even the loopback device is down."""
    import fcntl
    import socket
    import struct

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        up_and_running = 0x1 | 0x40
        fcntl.ioctl(control, 0x8914, struct.pack("16sh14x", b"lo", up_and_running))
