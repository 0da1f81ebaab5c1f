"""What turns texts into vectors: a model that a package ships, or one of an Ollama server."""
