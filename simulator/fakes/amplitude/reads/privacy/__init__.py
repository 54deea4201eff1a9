"""What privacy laws ask of Amplitude: deleting people, and telling everything about one."""
