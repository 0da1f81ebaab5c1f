"""The assistant with a real ChromaDB server and a real small language model: `make test-assistant`."""
