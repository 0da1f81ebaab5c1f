"""The JSON form of each thing: what the HTTP APIs answer, `--json` prints and files hold is made here, once."""
