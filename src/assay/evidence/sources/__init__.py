"""What an agent left behind, read per agent into one shape: its event stream, its session files, its OTLP."""
