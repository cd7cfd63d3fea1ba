"""What people run and see: provisioning, CLI, embedded Kafka, view, auditor."""
