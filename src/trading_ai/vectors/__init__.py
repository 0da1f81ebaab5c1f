"""Where vectors are kept besides the product's own database."""
