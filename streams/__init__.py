"""What is decided: pure processors, and their thin bindings to Faust."""
