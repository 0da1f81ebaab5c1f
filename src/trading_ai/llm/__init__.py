"""Language models that a server runs: Ollama, and whatever speaks OpenAI's protocol."""
