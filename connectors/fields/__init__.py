"""Finding what a message says about a child, whatever its sender called the fields and however it nested them."""
