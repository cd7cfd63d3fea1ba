"""Documents for other people's tools and eyes, generated from the catalogue, the models and the committed schemas."""
