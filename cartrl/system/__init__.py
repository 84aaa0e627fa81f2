"""The process and the machine below it: files, streams, signals, child processes, sockets."""
