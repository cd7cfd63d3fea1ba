"""What runs the hub elsewhere: Strimzi resources, Kubernetes manifests, systemd units, made from the catalogue and roles."""
