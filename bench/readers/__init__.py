"""How fast the readers and writers are beside the plain libraries, and what damaged messages do to them."""
